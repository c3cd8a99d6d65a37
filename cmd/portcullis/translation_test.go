package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"portcullis/config"
	"portcullis/control"
	"portcullis/dataplane"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
	"portcullis/telemetry"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// netted is a daemon without devices that obeys a configuration, and its control
// socket.
type netted struct {
	*daemon
	t      *testing.T
	socket string
}

func newNetted(t *testing.T, text string) *netted {
	t.Helper()
	cfg, bad := config.Parse("nat.toml", []byte(text))
	if bad.Err() != nil {
		t.Fatal(bad)
	}
	o := runOptions{stateDir: t.TempDir(), sessions: "none"}
	d := &daemon{names: engine.NewNames(), log: zap.NewNop(), events: telemetry.NewRing(1024), opts: o, cfg: cfg}
	inv := engine.Inventory{}
	for _, c := range cfg.Interfaces {
		inv[c.Name] = engine.Link{MTU: 1500}
	}
	rules, err := engine.Compile(cfg, inv, d.names, 1)
	if err != nil {
		t.Fatal(err)
	}
	d.worker = engine.NewWorker(rules, 0, engine.Options{Seed: 1, Names: d.names, Sink: d.events})
	d.plane = dataplane.New(d.worker)
	l, err := o.listenControl()
	if err != nil {
		t.Fatal(err)
	}
	api := d.serveControl(l)
	t.Cleanup(func() {
		if err := api.Close(); err != nil {
			t.Error(err)
		}
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	return &netted{daemon: d, t: t, socket: filepath.Join(o.stateDir, "control.sock")}
}

// play has packets come in: an interface's name, a verdict, and the packet, each:
// "port1 > udp ..." is forwarded, "port1 x udp ..." dies of the reason behind "!".
func (n *netted) play(script string) {
	n.t.Helper()
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		in, rest, ok := strings.Cut(line, " ")
		if !ok {
			continue
		}
		text, why, _ := strings.Cut(rest[2:], " ! ")
		batch := make([]engine.Slot, 1)
		if r := batch[0].Parse(packettest.Frame(text), packet.Offload{}); r != packet.ReasonNone {
			n.t.Fatalf("%s: %v", line, r)
		}
		batch[0].In = n.names.InterfaceIndex(in)
		n.plane.Do(func(now session.Tick) { n.worker.Process(now, batch) })
		if forwarded := batch[0].Verdict == engine.Forward; forwarded != (rest[0] == '>') || !forwarded && batch[0].Reason.String() != why {
			n.t.Errorf("%s: %v %v", line, batch[0].Verdict, batch[0].Reason)
		}
	}
}

// run runs a command of the command line, and returns what it prints.
func (n *netted) run(words ...string) (string, error) {
	root := newRoot()
	var out, complaint bytes.Buffer
	root.SetArgs(append(words, "--control", n.socket))
	root.SetOut(&out)
	root.SetErr(&complaint)
	err := root.ExecuteContext(n.t.Context())
	return out.String(), err
}

// passing are the numbers that a slow machine changes.
var passing = regexp.MustCompile(`(duration|expire)=\d+`)

func steady(text string) string { return passing.ReplaceAllString(text, "$1=N") }

// log are the lines that the events so far make.
func (n *netted) log() string {
	f := telemetry.Formatter{Hostname: "Portcullis", Start: time.Unix(0, 0), Names: n.names}
	var out []byte
	for e := (session.Event{}); n.events.Pop(&e); {
		out, _ = f.Append(out, &e)
	}
	return string(out)
}

const officeConfig = `
[[system.interface]]
name = "port1"
ip = "10.1.0.1/24"
ipv6 = { ip6-address = "fd01:203:405:1::1/64" }
[[system.interface]]
name = "port2"
ip = "198.51.100.1/24"
ipv6 = { ip6-address = "2001:db8:9::1/64" }
[[firewall.ippool6]]
name = "site"
type = "nptv6"
internal-prefix = "fd01:203:405::/48"
external-prefix = "2001:db8:1::/48"
[[firewall.ippool]]
name = "site"
startip = "198.51.100.20"
endip = "198.51.100.21"
[[firewall.vip]]
name = "web"
extip = "198.51.100.80"
extintf = "any"
mappedip = "10.1.0.80"
portforward = "enable"
extport = "80-81"
mappedport = "8080-8081"
[[firewall.vip]]
name = "host"
extip = "198.51.100.90"
extintf = "any"
mappedip = "10.1.0.90"
[[firewall.policy]]
policyid = 1
srcintf = "port1"
dstintf = "port2"
srcaddr = "all"
dstaddr = "all"
srcaddr6 = "all"
dstaddr6 = "all"
action = "accept"
schedule = "always"
service = "ALL"
logtraffic = "all"
logtraffic-start = "enable"
nat = "enable"
ippool = "enable"
poolname = ["site"]
poolname6 = ["site"]
permit-any-host = "enable"
[[firewall.policy]]
policyid = 2
srcintf = "any"
dstintf = "port1"
srcaddr = "all"
dstaddr = ["web", "host"]
action = "accept"
schedule = "always"
service = "ALL"
logtraffic = "all"
logtraffic-start = "enable"
`

const officeTraffic = `
port1 > udp 10.1.0.2:14000 > 198.51.100.9:53 len 8
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:80 S seq 1
port1 > icmp 10.1.0.2 > 198.51.100.9 echo id 7 seq 1
port2 > udp 198.51.100.66:999 > 198.51.100.20:14000 len 8
port2 > tcp 198.51.100.9:5000 > 198.51.100.80:81 S seq 1
port1 > tcp 10.1.0.2:40000 > 198.51.100.80:80 S seq 1
port1 > icmp 10.1.0.2 > 198.51.100.90 echo id 8 seq 1
port1 > icmp 10.1.0.3 > 198.51.100.90 echo id 8 seq 1
port1 > udp 10.1.0.3:14000 > 198.51.100.20:14000 len 8
port1 > tcp [fd01:203:405:1::1234]:40000 > [2001:db8:9::9]:80 S seq 1
port1 > gre 10.1.0.90 > 198.51.100.9 key 100 len 8
`

// TestTranslatedSessions: what is listed and logged of sessions as the engine makes
// them: source, destination, both, a stranger let in by a mapping, hairpins, a
// prefix.
func TestTranslatedSessions(t *testing.T) {
	n := newNetted(t, officeConfig)
	n.play(officeTraffic)
	text := ""
	for _, command := range []string{
		"diagnose sys session list", "diagnose sys session6 list", "get system session list",
		"diagnose sys session list nsrc 198.51.100.20 proto 1", "diagnose sys session list nport 14000 dst 198.51.100.20",
		"diagnose firewall ippool-all list", "diagnose firewall ippool-all stats", "diagnose firewall ippool list nat-ip",
		"diagnose firewall eim list", "diagnose firewall eim list src 10.1.0.2 proto 17", "diagnose firewall eim count",
		"diagnose firewall vip list", "diagnose firewall vip list --json", "diagnose firewall ippool-all stats site --json",
	} {
		got, err := n.run(strings.Fields(command)...)
		if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		text += "# " + command + "\n" + steady(got) + "\n"
	}
	text += "# traffic log\n"
	for line := range strings.Lines(n.log()) {
		_, what, _ := strings.Cut(line, " vd=")
		text += "vd=" + what
	}
	goldenFile(t, "testdata/translation.txt", text)
}

func goldenFile(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// Commands about translation say what is wrong with their words.
func TestTranslationMistakes(t *testing.T) {
	n := newNetted(t, officeConfig)
	for command, want := range map[string]string{
		"diagnose firewall bogus":                       `diagnose firewall "bogus": no such command: expected one of ippool-all, ippool, vip, fqdn, eim`,
		"diagnose firewall ippool-all stats nowhere":    `ippool "nowhere": no such pool`,
		"diagnose firewall eim list dport 53":           "filter dport: not in this list: expected one of proto, src, sport, nsrc, nport, policy",
		"diagnose firewall ippool list pba src nowhere": `filter src: "nowhere": expected an address`,
		"diagnose firewall vip list web":                `unknown command "web" for "portcullis diagnose firewall vip list"`,
	} {
		if out, err := n.run(strings.Fields(command)...); err == nil || err.Error() != want {
			t.Errorf("%s: %v, %s", command, err, out)
		}
	}
}

// TestLongTranslation: what is listed while sessions begin disturbs nobody, and what
// is listed afterwards is all there.
func TestLongTranslation(t *testing.T) {
	n := newNetted(t, strings.Replace(officeConfig, `endip = "198.51.100.21"`, `endip = "198.51.100.60"`, 1))
	const clients, each = 100, 100
	client := control.NewClient(n.socket)
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	asking.Go(func() {
		for ctx.Err() == nil {
			_, pools := client.Pools(ctx, "")
			_, vips := client.VIPs(ctx)
			err := errors.Join(pools, vips,
				client.ListMappings(ctx, control.Query{}, control.FormJSON, io.Discard),
				client.ListAddresses(ctx, control.Query{}, control.FormJSON, io.Discard),
				client.ListBlocks(ctx, control.Query{}, control.FormJSON, io.Discard))
			if err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	for c := range clients {
		var script strings.Builder
		for p := range each {
			fmt.Fprintf(&script, "port1 > udp 10.1.0.%d:%d > 198.51.100.9:53 len 8\n", 100+c, 4000+p)
		}
		n.play(script.String())
	}
	cancel()
	asking.Wait()
	if got, err := client.Mapped(t.Context()); got != clients*each || err != nil {
		t.Errorf("%d mappings, %v", got, err)
	}
	var out counter
	if err := client.ListMappings(t.Context(), control.Query{}, control.FormBlock, &out); err != nil || !strings.HasSuffix(out.last, "\ntotal mapping: 10000\n") {
		t.Errorf("%v, %q", err, out.last)
	}
	pools, err := client.Pools(t.Context(), "site")
	if err != nil || pools[0].Sessions.UDP != clients*each || pools[0].Ports.InUse.UDP != clients*each || pools[0].Ports.Free.UDP != 41*60417-clients*each || pools[0].Ports.Total.ICMP != 41*65535 {
		t.Errorf("%+v, %v", pools, err)
	}
}
