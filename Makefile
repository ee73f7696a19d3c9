# The front door. `make demo` and `make test` install what is missing by themselves.
.PHONY: build demo test lint sanitize sanitize-threads fuzz bench soak conformance clean

build:
	scripts/install-packages build
	scripts/build release ferry

demo: build
	scripts/demo build/release/ferry

test:
	scripts/install-packages build test
	scripts/build dev
	scripts/test dev

# The same suite under AddressSanitizer and UBSan.
sanitize:
	scripts/install-packages build test
	scripts/build asan
	scripts/test asan

# libferry's tests under ThreadSanitizer.
sanitize-threads:
	scripts/install-packages build test
	scripts/sanitize-threads

lint:
	scripts/install-packages build test lint
	scripts/lint

fuzz:
	scripts/install-packages build test
	scripts/build fuzz
	scripts/fuzz build/fuzz

# The long reliability tests: 10,000 simulated commands, some hundreds of real ones, 1,000 runs at once, 200 killed endpoints.
soak:
	scripts/install-packages build test
	scripts/install-clients python
	scripts/build dev ferry exec_soak
	scripts/soak build/dev

# Against the cluster and task definition that the environment names: docs/conformance.md.
conformance: build
	scripts/install-packages test
	scripts/conformance build/release/ferry

bench: build
	scripts/install-packages bench
	bench/run build/release/ferry

clean:
	rm -rf build
