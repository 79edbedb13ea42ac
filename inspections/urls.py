"""First checks, and samples of normal borrowers."""

from django.urls import path

from inspections import views

urlpatterns = [
    path("first-checks/", views.first_checks, name="first_checks"),
    path("first-checks/export/", views.first_checks_export, name="first_checks_export"),
    path("samples/", views.samples, name="samples"),
    path("samples/<int:pk>/", views.sample, name="sample"),
    path("samples/<int:pk>/export/", views.sample_export, name="sample_export"),
]
