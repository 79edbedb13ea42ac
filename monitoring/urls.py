"""Pages of what is watched."""

from django.urls import path

from monitoring.authority import views as authority
from monitoring.decisions import register as signal_list
from monitoring.decisions import views as signals
from monitoring.funds import register as funds_list
from monitoring.ledgers import views as ledgers
from monitoring.misuse import register as misuse_list
from monitoring.misuse import views as misuse
from monitoring.outlook import register as outlook_list
from monitoring.payments import register as payment_list
from monitoring.payments import views as payments
from monitoring.release import views as counter
from monitoring.supervised import register as supervised_list
from monitoring.uses import register as use_list

urlpatterns = [
    *payment_list.Payments.urls("payments/"),
    path("payments/authority/", authority.payment_authority, name="payment_authority"),
    path("payments/<int:pk>/cancel/", payments.payment_cancel, name="payment_cancel"),
    path("loans/<str:number>/payments/new/", payments.payment_new, name="payment_new"),
    path(
        "loans/<str:number>/supervised-account/new/",
        payments.supervised_account_new,
        name="supervised_account_new",
    ),
    path("counter/", counter.counter, name="counter"),
    path("counter/<int:pk>/release/", counter.counter_release, name="counter_release"),
    path("counter/slips/<int:pk>/undo/", counter.counter_undo, name="counter_undo"),
    *supervised_list.SupervisedAccounts.urls("supervised-accounts/"),
    path("ledgers/", ledgers.ledgers, name="ledgers"),
    path("ledgers/export/", ledgers.ledgers_export, name="ledgers_export"),
    path("ledgers/confirm/", ledgers.ledgers_confirm, name="ledgers_confirm"),
    *signal_list.Signals.urls("signals/"),
    path("signals/<int:pk>/", signals.signal, name="signal"),
    *use_list.Uses.urls("uses/"),
    *misuse_list.Misuse.urls("misuse/"),
    path("misuse/<int:pk>/", misuse.misuse_case, name="misuse_case"),
    path("borrowers/<str:number>/misuse/new/", misuse.misuse_new, name="misuse_new"),
    *outlook_list.Outlook.urls("outlook/"),
    *funds_list.Funds.urls("funds/"),
]
