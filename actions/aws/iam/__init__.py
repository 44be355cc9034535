"""What calls need of IAM: the names of permissions, the resources, and further permissions."""
