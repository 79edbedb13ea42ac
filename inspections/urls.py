"""First checks, and samples of normal borrowers."""

from django.urls import path

from inspections import register, views

urlpatterns = [
    *register.FirstChecks.urls("first-checks/"),
    *register.Samples.urls("samples/"),
    path("samples/<int:pk>/", views.sample, name="sample"),
    path("samples/<int:pk>/export/", views.sample_export, name="sample_export"),
]
