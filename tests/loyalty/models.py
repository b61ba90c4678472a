from django.db import models


class Balance(models.Model):
    account_id = models.TextField(primary_key=True)
    owner = models.TextField()
    points = models.IntegerField()
    spent = models.IntegerField()

    class Meta:
        db_table = "loyalty_balance"

    def __str__(self) -> str:
        return self.account_id
