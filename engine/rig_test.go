package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"portcullis/config"
	"portcullis/engine"
	"portcullis/engine/enginetest"
	_ "portcullis/helpers/builtin"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
)

const rigInterfaces = `
[[system.interface]]
name = "port1"
ip = "10.1.0.1/24"
allowaccess = "ping"
ipv6 = { ip6-address = "fd01::1/64" }
[[system.interface]]
name = "port2"
ip = "10.2.0.1/24"
ipv6 = { ip6-address = "fd02::1/64" }
[system.global]
max-sessions = 64
`

const rigPolicy = `
[[firewall.policy]]
policyid = 4
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
`

// rig is a worker with the configurations it may be given.
type rig struct {
	worker *engine.Worker
	names  *engine.Names
	rules  []*engine.Ruleset
	ledger *enginetest.Ledger
	now    session.Tick
	twin   *rig // gets the same, and must do the same
}

func newRig(t testing.TB, texts ...string) *rig {
	t.Helper()
	r := &rig{names: engine.NewNames(), ledger: enginetest.NewLedger()}
	for _, text := range texts {
		r.compile(t, text)
	}
	r.worker = engine.NewWorker(r.rules[0], 0, engine.Options{Seed: 1, Sink: r.ledger, Names: r.names})
	return r
}

// compile adds a configuration.
func (r *rig) compile(t testing.TB, text string) {
	t.Helper()
	cfg, bad := config.Parse("rig.toml", []byte(rigInterfaces+text))
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	inv := engine.Inventory{"port1": {MTU: 1500}, "port2": {MTU: 1400, LinkLocal: packet.MustAddr("fe80::2")}}
	rs, err := engine.Compile(cfg, inv, r.names, uint32(len(r.rules)+1))
	if err != nil {
		t.Fatal(err)
	}
	r.rules = append(r.rules, rs)
}

// send has one frame processed that arrived on port in, and hands every frame
// that left to left.
func (r *rig) send(t testing.TB, in string, frame []byte, off packet.Offload, left func(*engine.Slot)) (engine.Verdict, packet.Reason) {
	t.Helper()
	if r.twin == nil {
		return r.sendAlone(t, in, frame, off, left)
	}
	var mine, theirs []string
	note := func(r *rig, to *[]string) func(*engine.Slot) {
		return func(s *engine.Slot) {
			*to = append(*to, fmt.Sprintf("%s via %v fragment %d %+v %x", r.names.Interface(s.Out), s.NextHop, s.FragmentTo, s.Offload, s.Frame))
		}
	}
	same := append(make([]byte, 0, cap(frame)), frame...)
	text := fmt.Sprintf("%x", frame)
	r.twin.now = r.now
	v, why := r.sendAlone(t, in, frame, off, func(s *engine.Slot) { note(r, &mine)(s); left(s) })
	tv, twhy := r.twin.sendAlone(t, in, same, off, note(r.twin, &theirs))
	if v != tv || why != twhy || !slices.Equal(mine, theirs) {
		t.Fatalf("%s from %s: %v %v, of the twin %v %v\n%q\n%q", text, in, v, why, tv, twhy, mine, theirs)
	}
	return v, why
}

func (r *rig) sendAlone(t testing.TB, in string, frame []byte, off packet.Offload, left func(*engine.Slot)) (engine.Verdict, packet.Reason) {
	t.Helper()
	batch := make([]engine.Slot, 1)
	s := &batch[0]
	s.In = r.names.InterfaceIndex(in)
	if why := s.Parse(frame, off); why != packet.ReasonNone {
		return engine.Drop, why
	}
	if s.Kind == packet.KindARP {
		return engine.Drop, packet.ReasonNone // the dataplane's
	}
	r.worker.Quick(r.now, batch)
	r.worker.Process(r.now, batch)
	if s.Verdict == engine.Forward || s.Verdict == engine.Answer {
		left(s)
	} else if s.Verdict == engine.Drop && s.Reason == packet.ReasonNone {
		t.Fatalf("a packet died of nothing: %s", packettest.Text(&s.Packet))
	}
	for i := range r.worker.Generated() {
		left(&r.worker.Generated()[i])
	}
	return s.Verdict, s.Reason
}

// wellFormed fails for a packet that left and does not parse.
func wellFormed(t testing.TB) func(*engine.Slot) {
	return func(s *engine.Slot) {
		t.Helper()
		var p packet.Packet
		if why := p.Parse(append([]byte(nil), s.Frame...), s.Offload); why != packet.ReasonNone {
			t.Fatalf("a packet left that does not parse: %v: %x", why, s.Frame)
		}
		if s.FragmentTo == 0 {
			return
		}
		if !packet.Fragment(&p, int(s.FragmentTo), func(frame []byte) {
			var f packet.Packet
			if why := f.Parse(frame, packet.Offload{}); why != packet.ReasonNone || len(f.Frame)-int(f.L3) > int(s.FragmentTo) {
				t.Fatalf("a fragment left that does not parse: %v: %x", why, frame)
			}
		}) {
			t.Fatalf("a packet left that can not be cut to %d bytes: %s", s.FragmentTo, packettest.Text(&p))
		}
	}
}
