# `make docs` builds the site in docs/_build/html, with a virtual environment of its own unless PYTHON names one that
# has the extra `docs`.
VENV := docs/_build/venv
PYTHON ?= $(VENV)/bin/python

docs: $(if $(filter $(VENV)/bin/python,$(PYTHON)),$(VENV)/ready)
	$(PYTHON) -m sphinx -E -W --keep-going -j auto docs docs/_build/html
	@echo "The site: docs/_build/html/index.html"

$(VENV)/ready: pyproject.toml
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q -e '.[docs]'
	touch $@

.PHONY: docs
