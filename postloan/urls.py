"""Every page of the product; each app keeps its own urls."""

from django.urls import URLPattern, URLResolver, include, path

from postloan import audit_page, borrower_page, day_page, group_page, health, home, refusals, search

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("", include("accounts.urls")),
    path("", include("workflow.urls")),
    path("", include("credit.urls")),
    path("", include("credit.urls_imports")),
    path("", include("monitoring.urls")),
    path("", include("inspections.urls")),
    path("", include("reviews.urls")),
    path("borrowers/<str:number>/", borrower_page.borrower_page, name="borrower"),
    path("groups/<str:number>/", group_page.group_page, name="group"),
    path("search/", search.search, name="search"),
    path("audit/", audit_page.audit_history, name="audit"),
    path("audit/verify/", audit_page.audit_verify, name="audit_verify"),
    path("day/", day_page.day, name="day"),
    path("day/retry/", day_page.day_retry, name="day_retry"),
    path("healthz/", health.healthz, name="healthz"),
]

handler403 = refusals.forbidden
handler404 = refusals.not_found
handler500 = refusals.failed
