"""Pages of the reviews: boards, the rulebook, policy and calendar."""

from django.urls import path

from reviews.dashboard import pages as dashboards
from reviews.dashboard import rows as dashboard_rows
from reviews.policy import calendar_views
from reviews.policy import views as policy
from reviews.rulebook import views as rulebook

urlpatterns = [
    path("dashboard/", dashboards.dashboard, name="dashboard"),
    path("dashboard/export/", dashboards.dashboard_export, name="dashboard_export"),
    path("dashboard/print/", dashboards.dashboard_pdf, name="dashboard_pdf"),
    path("dashboard/rows/", dashboard_rows.dashboard_rows, name="dashboard_rows"),
    path("dashboard/rows/export/", dashboard_rows.dashboard_rows_export, name="dashboard_rows_export"),
    path("rulebook/", rulebook.rulebook_page, name="rulebook"),
    path("rulebook/export/", rulebook.rulebook_export, name="rulebook_export"),
    path("policy/", policy.policy_list, name="policy"),
    path("policy/previews/<int:pk>/", policy.preview, name="preview"),
    path("policy/previews/<int:pk>/send/", policy.preview_send, name="preview_send"),
    path("policy/previews/<int:pk>/export/", policy.preview_export, name="preview_export"),
    path("policy/versions/<int:pk>/", policy.policy_version, name="policy_version"),
    path("policy/versions/<int:pk>/rehearse/", policy.policy_rehearse, name="policy_rehearse"),
    path("policy/versions/<int:pk>/decide/", policy.policy_decide, name="policy_decide"),
    path("policy/<str:code>/", policy.policy_scheme, name="policy_scheme"),
    path("policy/<str:code>/change/", policy.policy_change, name="policy_change"),
    path("calendar/", calendar_views.calendar, name="calendar"),
    path("calendar/change/", calendar_views.calendar_change, name="calendar_change"),
]
