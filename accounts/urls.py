"""Sign-in, one's own password, leaves."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("password/", views.ChangePassword.as_view(), name="password_change"),
    path("leaves/", views.leaves, name="leaves"),
    path("leaves/new/", views.leave_new, name="leave_new"),
    path("leaves/<int:pk>/end/", views.leave_end, name="leave_end"),
]
