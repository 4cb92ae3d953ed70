# The sensor: a slim image, not root, with the kernels compiled when it is built.
# docker build -t sekisho .
ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS build
# Kernels are compiled for this processor and run on any that has its instructions: "generic" runs everywhere of the
# same architecture; "native" is some per cent faster, on machines like this one only.
ARG KERNEL_CPU=generic
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/sekisho
ENV PATH=/opt/sekisho/bin:$PATH
WORKDIR /source
COPY pyproject.toml setup.py README.md LICENSE ./
COPY columns columns
COPY zones zones
COPY sensor sensor
COPY detectors detectors
COPY storage storage
COPY dashboards dashboards
COPY sekisho sekisho
COPY pcaps pcaps
# The embedded engine is 530 MB and the store here is a server; EMBEDDED=yes keeps it.
ARG EMBEDDED=no
# Parsers as machine code take a C compiler and two minutes here; "no" leaves them Python.
ARG COMPILED=yes
RUN if [ "$COMPILED" = yes ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev; fi
RUN if [ "$COMPILED" = yes ]; then export SEKISHO_COMPILED=1; fi; \
    pip install '.[grafana]' && if [ "$EMBEDDED" != yes ]; then pip uninstall --yes chdb chdb-core; fi
# not from /source: the kernels belong to the files that are installed
WORKDIR /
ENV SEKISHO_CACHE_DIR=/opt/sekisho/cache
RUN if [ "$KERNEL_CPU" != native ]; then export NUMBA_CPU_NAME="$KERNEL_CPU"; fi; \
    python -c 'from sekisho.warm import load_kernels; load_kernels()'

FROM python:${PYTHON}-slim
ARG KERNEL_CPU=generic
LABEL org.opencontainers.image.title="sekisho" \
      org.opencontainers.image.description="Watches the boundaries of a network divided into zones" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin sekisho \
    && install -d -o sekisho -g sekisho /data /grafana
COPY --from=build /opt/sekisho /opt/sekisho
COPY docker/entry.sh /usr/local/bin/sekisho-entry
ENV PATH=/opt/sekisho/bin:$PATH \
    KERNEL_CPU=${KERNEL_CPU} \
    SEKISHO_CACHE_DIR=/opt/sekisho/cache \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    HOME=/data LANG=C.UTF-8
USER sekisho
WORKDIR /data
ENTRYPOINT ["sh", "/usr/local/bin/sekisho-entry"]
CMD ["--help"]
