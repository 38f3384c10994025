# syntax=docker/dockerfile:1
# Two stages: wheels are built where there is a compiler and a cache, and run where there is neither.
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
RUN pip install --no-cache-dir uv==0.13.9
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY app ./app
COPY templates ./templates
COPY static ./static
COPY migrations ./migrations
COPY client ./client
RUN uv venv /opt/beliefgrid \
    && VIRTUAL_ENV=/opt/beliefgrid uv pip install --no-cache -c constraints.txt ./client .

FROM python:3.13-slim-bookworm
RUN useradd --uid 10001 --create-home --home-dir /data --shell /usr/sbin/nologin beliefgrid \
    && install --directory --owner=10001 --mode=0700 /tokens
COPY --from=build /opt/beliefgrid /opt/beliefgrid
ENV PATH=/opt/beliefgrid/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    BELIEFGRID_HOST=0.0.0.0 \
    BELIEFGRID_PORT=8000 \
    BELIEFGRID_DATABASE_URL=sqlite:////data/beliefgrid.db
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["beliefgrid"]
CMD ["serve"]
