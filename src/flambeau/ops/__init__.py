"""Every primitive operation. Importing this package fills the registry."""
