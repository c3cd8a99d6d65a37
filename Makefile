# Portcullis: everything one does with it from a checkout. `make` lists it.

GO      ?= go
BIN     := bin
TOOLS   := vsftpd in.tftpd lftp tftp curl nft ffmpeg gst-launch-1.0
# Debian's packages of the tools that the namespace tests use as real peers.
PACKAGES := vsftpd tftpd-hpa lftp tftp-hpa curl nftables \
            ffmpeg gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-rtsp gir1.2-gst-rtsp-server-1.0 python3-gi
# Two more servers, which are unpacked beside the system and not installed: Debian
# has one FTP server at a time, and coturn's would be started with the machine.
UNPACKED := proftpd turnserver turnutils_natdiscovery
ARCHIVES := proftpd-core proftpd-mod-crypto coturn
# Of files.
UNPACKED += pure-ftpd atftpd atftp
ARCHIVES += pure-ftpd atftpd atftp
# Of telephones.
UNPACKED += sipp kamailio baresip
ARCHIVES += sip-tester kamailio baresip-core
# Of port mappers, remote shells and scanners.
UNPACKED += rpcbind rpcinfo inetd in.rshd rsh-redone-rsh saned scanimage ganesha.nfsd nfs-cp nfs-ls nfs-cat
ARCHIVES += rpcbind openbsd-inetd rsh-redone-server rsh-redone-client sane-utils nfs-ganesha nfs-ganesha-mem libnfs-utils
# Of chat and names.
UNPACKED += ngircd weechat-headless netkit-ntalk in.ntalkd dig dnsmasq
ARCHIVES += ngircd weechat-headless talk talkd bind9-dnsutils dnsmasq-base
# Of backups; amdump needs a part of Perl that its package does not ask for.
UNPACKED += amrecover amdump Encode/Locale.pm
ARCHIVES += amanda-client amanda-server libencode-locale-perl
# Of tunnels.
UNPACKED += pptpd pptp
ARCHIVES += pptpd pptp-linux
TOOLDIR  := $(or $(PORTCULLIS_TOOLS),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/portcullis/tools)
FUZZTIME ?= 30s
CAPTURES ?= ../shared/captures
SOAK     ?= 30s
# Helpers have no memory of their own, and their tests one thread: there is nothing to race.
RACE    := ./packet/... ./config/... ./session/... ./handover/... ./policy/... ./nat/... ./route/... ./engine/... ./telemetry/... \
           ./dataplane ./dataplane/neighbour ./dataplane/fault ./dataplane/pcap ./dataplane/replay ./dataplane/soak ./control ./handover ./cmd/portcullis

export CGO_ENABLED := 0
# Where the tests look for what is unpacked.
export PORTCULLIS_TOOLS := $(TOOLDIR)
# Debian keeps servers where an ordinary user's PATH does not look.
export PATH := $(PATH):/usr/local/go/bin:/usr/sbin:/sbin

.DEFAULT_GOAL := help
.PHONY: help go build demo test tools install-tools unpack-tools race soak fuzz score profile bench lint docs clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

go:
	@command -v $(GO) >/dev/null || { echo "go: not found: install Go 1.26 or later (https://go.dev/dl) and put it in PATH" >&2; exit 1; }

# No version control stamp: git gives no answer in a checkout of another user.
build: go ## build bin/portcullis and bin/portcullis-lab
	@mkdir -p $(BIN)
	$(GO) build -buildvcs=false -trimpath -o $(BIN)/ ./cmd/...

demo: build ## tell the story on real packets; needs no root
	@$(BIN)/portcullis-lab demo

# Never from the cache: the namespace tests run a binary that it knows nothing of.
test: go tools ## unit, scenario and namespace tests
	$(GO) test -buildvcs=false -count=1 -timeout 20m ./...

# Gets what is missing where that is possible, and says so where it is not.
tools: install-tools unpack-tools

# RUNLEVEL=1 keeps the packages from starting their servers.
install-tools:
	@missing=; for t in $(TOOLS); do command -v $$t >/dev/null || missing="$$missing $$t"; done; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing $(PACKAGES) (missing:$$missing)"; \
		export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; \
		{ apt-get install -y -q --no-install-recommends $(PACKAGES) >/dev/null 2>&1 || \
		  { apt-get update -q >/dev/null && apt-get install -y -q --no-install-recommends $(PACKAGES) >/dev/null; }; } || \
		echo "not installed; the tests that need them are skipped"; \
	else \
		echo "missing:$$missing; the tests that need them are skipped (Debian: $(PACKAGES))"; \
	fi

# Apt says what the packages need that the system does not have, and fetches it, for
# each of them alone, since some exclude others;
# nothing is installed, so that this needs no root where apt's lists are filled.
unpack-tools:
	@missing=; for t in $(UNPACKED); do \
		command -v $$t >/dev/null || [ -x $(TOOLDIR)/usr/sbin/$$t ] || [ -x $(TOOLDIR)/usr/bin/$$t ] || [ -x $(TOOLDIR)/sbin/$$t ] || \
		[ -e $(TOOLDIR)/usr/share/perl5/$$t ] || [ -e /usr/share/perl5/$$t ] || missing="$$missing $$t"; \
	done; \
	[ -z "$$missing" ] && exit 0; \
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { echo "missing:$$missing; the tests that need them are skipped (Debian: $(ARCHIVES))"; exit 0; }; \
	echo "unpacking $(ARCHIVES) in $(TOOLDIR) (missing:$$missing)"; \
	mkdir -p $(TOOLDIR) && part=$$(mktemp -d $(TOOLDIR)/part.XXXXXX) && mkdir -p $$part/archives/partial || exit 0; \
	trap 'rm -rf "$$part"' EXIT; \
	fetch() { for a in $(ARCHIVES); do apt-get install -d -y -q --no-install-recommends -o Debug::NoLocking=1 -o Dir::Cache::archives=$$part/archives $$a >/dev/null || return 1; done; }; \
	{ fetch 2>/dev/null || { { [ "$$(id -u)" != 0 ] || apt-get update -q >/dev/null; } && fetch; }; } && \
	printf '%s\n' $$part/archives/*.deb | xargs -I{} dpkg-deb -x {} $$part/root && \
	cp -a $$part/root/. $(TOOLDIR)/ || \
	echo "not unpacked; the tests that need them are skipped"

race: go ## test the packages without input and output under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -buildvcs=false -race -timeout 25m $(RACE)

soak: go ## run real connections through the firewall in memory, on bad networks (SOAK=30s)
	$(GO) test -buildvcs=false -count=1 -timeout 24h ./dataplane/soak -soak $(SOAK) -v

fuzz: go ## run every fuzz target for a while (FUZZTIME=30s)
	@GO='$(GO)' .ci/fuzz $(FUZZTIME)

score: go ## hold the session helpers against captures with known truth (CAPTURES=../shared/captures)
	@$(GO) run -buildvcs=false ./dataplane/replay/score -captures $(CAPTURES)

# What was measured of the engine is what the compiler builds the firewall by.
PROFILE := cmd/portcullis/default.pgo

profile: go ## measure where the engine spends its time, for the compiler (cmd/portcullis/default.pgo)
	@mkdir -p $(BIN)/profile
	$(GO) test -buildvcs=false -trimpath ./engine -run '^$$' -bench '^BenchmarkTrip$$' -benchtime 1s -cpuprofile $(CURDIR)/$(BIN)/profile/trip -o $(BIN)/profile/engine.test
	$(GO) test -buildvcs=false -trimpath ./engine -run '^$$' -bench '^BenchmarkControl$$' -benchtime 2000000x -cpuprofile $(CURDIR)/$(BIN)/profile/control -o $(BIN)/profile/engine.test
	cd lab/profile && $(GO) run -buildvcs=false . $(CURDIR)/$(PROFILE) $(CURDIR)/$(BIN)/profile/trip $(CURDIR)/$(BIN)/profile/control

bench: build ## engine benchmarks, a million sessions, then the comparison with the kernel
	$(GO) test -buildvcs=false -pgo=$(CURDIR)/$(PROFILE) ./engine -run '^$$' -bench '^BenchmarkTrip$$' -benchmem
	$(GO) test -buildvcs=false -pgo=$(CURDIR)/$(PROFILE) ./engine -run '^$$' -bench '^Benchmark(Control|Trunk)$$' -benchtime 100000x
	$(GO) test -buildvcs=false -pgo=$(CURDIR)/$(PROFILE) ./engine -run '^$$' -bench '^BenchmarkLive$$' -benchtime 3s -sessions 1000000
	$(GO) test -buildvcs=false -pgo=$(CURDIR)/$(PROFILE) ./engine -run '^$$' -bench '^BenchmarkExpiry$$' -benchtime 2x -sessions 1000000
	$(GO) test -buildvcs=false -pgo=$(CURDIR)/$(PROFILE) ./cmd/portcullis -run '^$$' -bench '^BenchmarkWorkers$$' -benchtime 3x -sessions 100000
	$(GO) test -buildvcs=false -pgo=$(CURDIR)/$(PROFILE) ./cmd/portcullis -run '^$$' -bench '^BenchmarkListBeside$$' -benchtime 3x -sessions 1000000
	@$(BIN)/portcullis-lab bench

lint: go ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l $$($(GO) list -buildvcs=false -f '{{.Dir}}' ./...)); [ -z "$$unformatted" ] || { echo "gofmt: $$unformatted" >&2; exit 1; }
	$(GO) vet -buildvcs=false ./...
	$(GO) tool staticcheck ./...

docs: go ## write the generated parts of docs/
	$(GO) test -buildvcs=false . ./config ./engine/behaviour ./cmd/portcullis-lab -run 'TestReasons|TestReference|TestBehaviour|TestMatrixPage' -update

clean: ## remove what was built
	rm -rf $(BIN)
