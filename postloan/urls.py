"""Every page of the product; each app keeps its own urls."""

from django.urls import URLPattern, URLResolver, include, path

from postloan import home, refusals

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("", include("accounts.urls")),
]

handler403 = refusals.forbidden
handler404 = refusals.not_found
handler500 = refusals.failed
