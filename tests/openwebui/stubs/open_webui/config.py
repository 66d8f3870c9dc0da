CORS_ALLOW_ORIGIN = ["*"]
DEFAULT_USER_PERMISSIONS = {"features": {"channels": True, "encrypted_channels": True}}
