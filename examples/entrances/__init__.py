"""More ways into the shop: gRPC, Kafka and RabbitMQ, each an instrumented process of its own that calls the gateway."""
