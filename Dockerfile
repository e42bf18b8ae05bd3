ARG BASE=python:3.12-slim
FROM ${BASE}

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# The libraries change seldom, the app often: each in a layer of its own.
WORKDIR /app
COPY requirements.txt requirements-*.txt ./
# More of them for several replicas: see compose.yaml.
ARG REQUIREMENTS=requirements.txt
RUN for one in $REQUIREMENTS; do pip install -r "$one" || exit 1; done

COPY .streamlit .streamlit
COPY artifacts artifacts
COPY emnist_lab emnist_lab
COPY pages pages
COPY app.py .

# /data holds EMNIST's files (in /data/data), own runs, kept drawings and the cache: mount a volume.
RUN useradd --create-home --uid 1000 emnist && mkdir -p /data && chown emnist /data
USER 1000
# Whoever reaches the container may train within limits, and sees what is theirs: docs/operation.md.
ENV EMNIST_LAB_HOME=/data EMNIST_LAB_MODE=class MPLCONFIGDIR=/tmp/matplotlib PORT=8501
VOLUME /data
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import os, urllib.request as u; e = os.environ; u.urlopen('http://127.0.0.1:' + '/'.join(filter(None, [e['PORT'], e.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'), '_stcore/health'])), timeout=4)"]

CMD ["sh", "-c", "exec python -m streamlit run app.py --server.port=\"$PORT\" --server.address=0.0.0.0"]
