"""Warnings about funds."""

from django.urls import path

from monitoring import views

urlpatterns = [
    path("funds/", views.funds, name="funds"),
    path("funds/export/", views.funds_export, name="funds_export"),
]
