# One image for all of izin's processes; docker-compose.yml says which runs what.
FROM python:3.13-slim AS build
COPY requirements-runtime.lock .
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir \
    --only-binary :all: --require-hashes -r requirements-runtime.lock

FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/opt/izin PYTHONUNBUFFERED=1
COPY --from=build /opt/venv /opt/venv
COPY bot /opt/izin/bot
COPY casework /opt/izin/casework
COPY cli /opt/izin/cli
COPY conversations /opt/izin/conversations
COPY models /opt/izin/models
COPY web /opt/izin/web
COPY workers /opt/izin/workers
RUN printf '#!/bin/sh\nexec python -c "from cli.main import main; raise SystemExit(main())" "$@"\n' \
        > /usr/local/bin/izin && chmod 755 /usr/local/bin/izin \
    && python -m compileall -q /opt/izin \
    && useradd --system --uid 10001 --create-home izin \
    && install -d -o izin -g izin -m 700 /var/lib/izin-datang
USER izin
WORKDIR /home/izin
VOLUME /var/lib/izin-datang
EXPOSE 8000
ENTRYPOINT ["izin"]
CMD ["serve"]
