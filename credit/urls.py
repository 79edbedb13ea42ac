"""Customers and their risk events."""

from django.urls import path

from credit.views import borrowers, events

urlpatterns = [
    path("borrowers/", borrowers.borrowers, name="borrowers"),
    path("borrowers/export/", borrowers.borrowers_export, name="borrowers_export"),
    path("borrowers/<str:number>/events/new/", events.event_new, name="event_new"),
    path("events/<int:pk>/reverse/", events.event_reverse, name="event_reverse"),
]
