"""The six services, one module each; `application()` of each makes its ASGI application."""

NAMES = {
    "gateway": "api-gateway",
    "order": "order-service",
    "payment": "payment-service",
    "inventory": "inventory-service",
    "shipping": "shipping-service",
    "notification": "notification-service",
}
"""Module to `service.name`, the gateway first."""


def address_variable(service: str) -> str:
    """Name the variable that holds a service's address: `SHOP_PAYMENT_SERVICE_URL`."""
    return f"SHOP_{service.upper().replace('-', '_')}_URL"
