return obj.status.health
