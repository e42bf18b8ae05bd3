VENV ?= .venv
PYTHON ?= python3
PORT ?= 8501
RUN = $(VENV)/bin/python
WORKERS ?= 3  # of the tests; those in a browser mostly wait
DASK_PORT ?= 8786

.PHONY: app test test-extras lint cluster artifacts clean

app: $(VENV)/.app  ## serve the dashboard on http://localhost:8501
	$(RUN) -m streamlit run app.py --server.port $(PORT)

test:  ## run every test; EMNIST_DIR=DIR adds those on real data
	@$(MAKE) --no-print-directory -j 2 $(VENV)/.test programs
	@$(RUN) -m compileall -q -j 0 emnist_lab  # some hundred processes of tests import it
	$(RUN) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Apart, for they are large and slow, and nobody needs them on one machine.
test-extras: $(VENV)/.extras programs  ## the tests that start a Dask cluster, an S3 and replicas
	$(RUN) -m pytest tests/evaluation/sweeps/test_cluster.py tests/files tests/server/test_replicas.py \
	  tests/commands/test_shared_job_queue.py \
	  emnist_lab/runs/cluster emnist_lab/evaluation/sweeps/cluster_search.py

cluster: $(VENV)/.cluster  ## a Dask scheduler and two workers on loopback, until Ctrl-C
	@exec $(RUN) -m emnist_lab.runs.cluster.local_cluster $(DASK_PORT)

lint: $(VENV)/.test  ## style, layers of imports, the Dockerfile
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports --no-logo
	if [ -x $(VENV)/bin/hadolint ]; then $(VENV)/bin/hadolint Dockerfile; fi

# The shipped runs, from the folder that EMNIST_DIR names.
artifacts: $(VENV)/.app
	for recipe in pixels-logistic hog-qda warped-blend; do \
	  rm -rf artifacts/runs/new && \
	  $(RUN) -m emnist_lab train $$recipe --runs-dir artifacts/runs/new --name $$recipe && \
	  rm -rf artifacts/$$recipe && mv artifacts/runs/new/$$recipe artifacts/ || exit 1; \
	done

clean:
	rm -rf $(VENV)

# Programs that tests start: in one go, while pip works. After the virtual environment, which may
# need apt-get itself. PostgreSQL and nginx without the servers that Debian would start.
.PHONY: programs
programs: | $(RUN)
	@missing=; \
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="chromium"; \
	command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
	  missing="$$missing postgresql"; \
	command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing="$$missing nginx-light"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  mkdir -p /etc/postgresql-common/createcluster.d && \
	  echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/emnist-lab.conf && \
	  apt-get update -qq && \
	  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null && missing=; \
	fi; \
	[ -z "$$missing" ] || echo "Tests are skipped that need: $$missing (apt-get install $$missing)."

# Debian keeps venv in a package of its own.
$(RUN):
	@$(PYTHON) -m venv $(VENV) || { \
	  rm -rf $(VENV); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); \
	  else \
	    echo "Python's venv is missing: apt-get install python3-venv, then try again."; exit 1; \
	  fi; }

# pip compiles what it installs one file after the other, the libraries' own tests too.
INSTALL = $(VENV)/bin/pip install -q --no-compile --disable-pip-version-check
COMPILE = @$(RUN) -m compileall -q -j 0 -x '/tests/' $(VENV)/lib >/dev/null || true

$(VENV)/.app: requirements.txt | $(RUN)
	$(INSTALL) -r requirements.txt
	$(COMPILE)
	@touch $@

$(VENV)/.cluster: requirements.txt requirements-cluster.txt | $(RUN)
	$(INSTALL) -r requirements-cluster.txt
	$(COMPILE)
	@touch $@ $(VENV)/.app

$(VENV)/.extras: $(VENV)/.test requirements-extras.txt requirements-cluster.txt requirements-replicas.txt
	$(INSTALL) -r requirements-extras.txt
	$(COMPILE)
	@touch $@

$(VENV)/.test: requirements.txt requirements-dev.txt | $(RUN)
	$(INSTALL) -r requirements-dev.txt
	$(COMPILE)
	@touch $@ $(VENV)/.app
