"""Customers, their risk events, and the book entered by hand."""

from django.urls import path

from credit.borrowers import group_views as groups
from credit.borrowers.group_register import Groups
from credit.borrowers.register import Borrowers
from credit.contracts import views as agreements
from credit.entry import views as entry
from credit.events import views as events
from credit.events.register import Events
from credit.loans import views as loans
from credit.loans.register import Loans
from credit.security import views as letters
from credit.security.register import Letters

urlpatterns = [
    *Borrowers.urls("borrowers/"),
    *Loans.urls("loans/"),
    path("loans/<str:number>/", loans.loan, name="loan"),
    path("accounts/<str:number>/", loans.account, name="account"),
    path("accounts/<str:number>/export/", loans.account_export, name="account_export"),
    path("borrowers/<str:number>/events/new/", events.event_new, name="event_new"),
    path("entry/", entry.entry, name="entry"),
    path("entry/handover/", entry.entry_handover, name="entry_handover"),
    path("entry/<slug:kind>/", entry.entry_kind, name="entry_kind"),
    *Groups.urls("groups/"),
    path("groups/<str:number>/export/", groups.group_export, name="group_export"),
    path("agreements/", agreements.agreements, name="agreements"),
    path("agreements/export/", agreements.agreements_export, name="agreements_export"),
    *Letters.urls("letters/"),
    path("letters/<str:number>/release/", letters.margin_release, name="margin_release"),
    *Events.urls("events/"),
    path("events/<int:pk>/reverse/", events.event_reverse, name="event_reverse"),
]
