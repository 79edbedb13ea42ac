"""Extracts: bring them in, see what came of each batch, take the refused rows away to mend them."""

from django.urls import path

from credit.imports import views as imports
from credit.imports.register import Imports

urlpatterns = [
    *Imports.urls("imports/"),
    path("imports/upload/", imports.import_upload, name="import_upload"),
    path("imports/<int:pk>/", imports.import_batch, name="import_batch"),
    path("imports/<int:pk>/rejections/", imports.import_rejections, name="import_rejections"),
]
