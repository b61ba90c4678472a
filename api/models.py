from django.contrib.postgres.fields import ArrayField
from django.db import models


class ApiKey(models.Model):
    """A client of the API. The key itself is never stored, only its hash."""

    name = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    key_hash = models.CharField(max_length=64, editable=False)  # SHA-256, hexadecimal
    scopes = ArrayField(models.CharField(max_length=64))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(key_hash__regex="^[0-9a-f]{64}$"),
                name="api_key_hash_is_sha256",
            ),
            models.CheckConstraint(
                condition=models.Q(scopes__len__gt=0), name="api_key_has_a_scope"
            ),
        ]

    def __str__(self) -> str:
        return self.name
