"""What calls take and give: one source for validation and for the OpenAPI document."""
