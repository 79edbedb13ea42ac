"""Samples of normal borrowers."""

from django.urls import path

from inspections import views

urlpatterns = [
    path("samples/", views.samples, name="samples"),
    path("samples/<int:pk>/", views.sample, name="sample"),
    path("samples/<int:pk>/export/", views.sample_export, name="sample_export"),
]
