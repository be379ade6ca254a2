"""What comes in: any CRM or billing export, recognised, landed unmodified and loaded typed."""
