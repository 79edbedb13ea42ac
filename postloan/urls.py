"""Every page of the product; each app keeps its own urls."""

from django.urls import URLPattern, URLResolver, include, path

from postloan import audit_page, borrower_page, branch, day_page, group_page, health, home, refusals, search
from reviews.dashboard import pages as dashboards
from reviews.dashboard import rows as dashboard_rows
from reviews.policy import calendar_views as calendar_pages
from reviews.policy import views as pages
from reviews.rulebook import views as rulebook_page

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("", include("accounts.urls")),
    path("", include("workflow.urls")),
    path("", include("credit.urls")),
    path("", include("credit.urls_imports")),
    path("", include("monitoring.urls")),
    path("", include("inspections.urls")),
    path("borrowers/<str:number>/", borrower_page.borrower_page, name="borrower"),
    path("groups/<str:number>/", group_page.group_page, name="group"),
    path("search/", search.search, name="search"),
    path("dashboard/", dashboards.dashboard, name="dashboard"),
    path("dashboard/export/", dashboards.dashboard_export, name="dashboard_export"),
    path("dashboard/print/", dashboards.dashboard_pdf, name="dashboard_pdf"),
    path("dashboard/rows/", dashboard_rows.dashboard_rows, name="dashboard_rows"),
    path("dashboard/rows/export/", dashboard_rows.dashboard_rows_export, name="dashboard_rows_export"),
    path("duties/", branch.branch_duties, name="branch_duties"),
    path("duties/export/", branch.branch_export, name="branch_export"),
    path("rulebook/", rulebook_page.rulebook_page, name="rulebook"),
    path("rulebook/export/", rulebook_page.rulebook_export, name="rulebook_export"),
    path("audit/", audit_page.audit_history, name="audit"),
    path("audit/verify/", audit_page.audit_verify, name="audit_verify"),
    path("day/", day_page.day, name="day"),
    path("day/retry/", day_page.day_retry, name="day_retry"),
    path("policy/", pages.policy_list, name="policy"),
    path("policy/previews/<int:pk>/", pages.preview, name="preview"),
    path("policy/previews/<int:pk>/send/", pages.preview_send, name="preview_send"),
    path("policy/previews/<int:pk>/export/", pages.preview_export, name="preview_export"),
    path("policy/versions/<int:pk>/", pages.policy_version, name="policy_version"),
    path("policy/versions/<int:pk>/rehearse/", pages.policy_rehearse, name="policy_rehearse"),
    path("policy/versions/<int:pk>/decide/", pages.policy_decide, name="policy_decide"),
    path("policy/<str:code>/", pages.policy_scheme, name="policy_scheme"),
    path("policy/<str:code>/change/", pages.policy_change, name="policy_change"),
    path("calendar/", calendar_pages.calendar, name="calendar"),
    path("calendar/change/", calendar_pages.calendar_change, name="calendar_change"),
    path("healthz/", health.healthz, name="healthz"),
]

handler403 = refusals.forbidden
handler404 = refusals.not_found
handler500 = refusals.failed
