"""Pages of what is watched."""

from django.urls import path

from monitoring.authority import views as authority
from monitoring.decisions import views as signals
from monitoring.funds import views as funds
from monitoring.ledgers import views as ledgers
from monitoring.misuse import views as misuse
from monitoring.outlook import views as outlook
from monitoring.payments import register as payment_list
from monitoring.payments import views as payments
from monitoring.release import views as counter
from monitoring.supervised import views as supervised
from monitoring.uses import views as uses

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
    path("supervised-accounts/", supervised.supervised_accounts, name="supervised_accounts"),
    path(
        "supervised-accounts/export/",
        supervised.supervised_accounts_export,
        name="supervised_accounts_export",
    ),
    path("ledgers/", ledgers.ledgers, name="ledgers"),
    path("ledgers/export/", ledgers.ledgers_export, name="ledgers_export"),
    path("ledgers/confirm/", ledgers.ledgers_confirm, name="ledgers_confirm"),
    path("signals/", signals.signals, name="signals"),
    path("signals/export/", signals.signals_export, name="signals_export"),
    path("signals/<int:pk>/", signals.signal, name="signal"),
    path("uses/", uses.uses, name="uses"),
    path("uses/export/", uses.uses_export, name="uses_export"),
    path("misuse/", misuse.misuse, name="misuse"),
    path("misuse/export/", misuse.misuse_export, name="misuse_export"),
    path("misuse/<int:pk>/", misuse.misuse_case, name="misuse_case"),
    path("borrowers/<str:number>/misuse/new/", misuse.misuse_new, name="misuse_new"),
    path("outlook/", outlook.outlook, name="outlook"),
    path("outlook/export/", outlook.outlook_export, name="outlook_export"),
    path("funds/", funds.funds, name="funds"),
    path("funds/export/", funds.funds_export, name="funds_export"),
]
