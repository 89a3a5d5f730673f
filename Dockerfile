# One image for the api, the worker and the bot; which one it is says the command.
FROM python:3.11-slim AS build
WORKDIR /app
COPY pyproject.toml constraints.txt ./
# The libraries first: they change seldom, and this layer is kept.
RUN pip install --no-cache-dir --constraint constraints.txt uv \
    && uv venv /venv \
    && uv pip install --python /venv/bin/python --no-cache --compile-bytecode \
        --constraint constraints.txt --requirement pyproject.toml
COPY . .
# Editable, so that the image has the layout of a checkout (migrations lie beside the packages).
# Compiled here, for the container may not write.
RUN uv pip install --python /venv/bin/python --no-cache --no-deps --editable . \
    && /venv/bin/python -m compileall -q adapters application domain interfaces projections

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 truetape \
    && install --directory --owner truetape --mode 0700 /keys /people
COPY --from=build /venv /venv
COPY --from=build /app /app
# Compiled kernels are kept where the read-only container may write.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TRUETAPE_HOME=/tmp/truetape \
    NUMBA_CACHE_DIR=/tmp/numba
USER truetape
WORKDIR /home/truetape
EXPOSE 8000
ENTRYPOINT ["truetape"]
CMD ["serve", "--host", "0.0.0.0"]
