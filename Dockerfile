# spanspec as an image: `docker build -t spanspec .`, then
# `docker run --rm -p 4317:4317 -p 4318:4318 -v "$PWD/tests:/tests:ro" spanspec run . --receiver 0.0.0.0`.
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY examples/shop examples/shop
ARG EXTRAS=all
RUN pip wheel --no-cache-dir --wheel-dir /wheels ".[${EXTRAS}]"

FROM python:3.12-slim
LABEL org.opencontainers.image.title="spanspec" \
      org.opencontainers.image.description="Trace-based testing for distributed systems that emit OpenTelemetry." \
      org.opencontainers.image.licenses="Apache-2.0"
# The wheels are bound and not copied, so that no layer holds them.
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index /wheels/*.whl \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin spanspec
ENV PYTHONUNBUFFERED=1
USER 10001
WORKDIR /tests
EXPOSE 4317 4318
ENTRYPOINT ["spanspec"]
CMD ["--help"]
