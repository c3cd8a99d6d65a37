package engine_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"portcullis/engine"
	"portcullis/helpers"
	"portcullis/session"
)

// helperState is what is counted of a helper.
func (r *rig) helperState(t *testing.T, name string) engine.HelperState {
	t.Helper()
	for _, h := range r.worker.Helpers() {
		if h.Name == name {
			return h
		}
	}
	t.Fatalf("no helper %s", name)
	return engine.HelperState{}
}

// TestTallyRefused: each reason for which an announcement opens nothing is counted.
func TestTallyRefused(t *testing.T) {
	mute := crier
	mute.Spell = func([]byte, []byte, helpers.Edit, netip.AddrPort) []byte { return nil }
	const limited = rigPolicy + `nat = "enable"
[[system.session-helper]]
id = 13
name = "sip"
protocol = 17
port = 5060
data-ports = "40000-50000"
`
	for _, c := range []struct {
		name, config, said string
		helper             *helpers.Helper
		want               session.Refusal
		voided             uint64
	}{
		{"foreign", rigPolicy, "one 10.1.0.9:40000\n", &crier, session.RefusedAddress, 0},
		{"low", rigPolicy, "one 10.1.0.2:1023\n", &crier, session.RefusedPort, 0},
		{"no port behind", rigPolicy, "pair 10.1.0.2:65535\n", &crier, session.RefusedPort, 0},
		{"not the entry's", limited, "one 10.1.0.2:50001\n", &crier, session.RefusedDataPorts, 0},
		{"mute", limited, "one 10.1.0.2:40000\n", &mute, session.RefusedSpelling, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.config)
			r.names.BuildIn(c.helper)
			r.obey(t, c.config)
			r.cry(t, "port1", crierClient, crierServer, c.said)
			h := r.helperState(t, "sip")
			var refused [session.NumRefusals]uint64
			refused[c.want] = 1
			if h.Refused != refused || h.Voided != c.voided || h.Hits != 1 || h.Reading != 1 {
				t.Errorf("%+v", h.HelperCounts)
			}
		})
	}
}

// TestTallyRoom: a client has its share of the table, whatever it announces.
func TestTallyRoom(t *testing.T) {
	r := newRig(t, rigPolicy)
	r.names.BuildIn(&crier)
	r.compile(t, rigPolicy)
	r.worker = engine.NewWorker(r.rules[1], 0, engine.Options{Seed: 1, Names: r.names, MaxSessions: 4096})
	for i := range session.MaxPerHost/8 + 1 { // eight of a control session each
		said := strings.Builder{}
		for k := range 8 {
			fmt.Fprintf(&said, "one 10.1.0.2:%d\n", 20000+8*i+k)
		}
		r.cry(t, "port1", fmt.Sprintf("10.1.0.2:%d", 6000+i), crierServer, said.String())
	}
	if h := r.helperState(t, "sip"); h.Expected != session.MaxPerHost || h.Refused[session.RefusedRoom] != 8 {
		t.Errorf("%+v", h.HelperCounts)
	}
	if err := r.worker.CheckInvariants(); err != nil {
		t.Error(err)
	}
}

// TestTallyHits: an entry counts the sessions that got their helper by it, also when
// the configuration was read again; one that was changed begins anew.
func TestTallyHits(t *testing.T) {
	entry := func(port int) string {
		return rigPolicy + fmt.Sprintf("[[system.session-helper]]\nid = 21\nname = \"sip\"\nprotocol = 17\nport = %d\n", port)
	}
	r := newRig(t, entry(5070), entry(5080))
	hits := func() (all uint64, own uint64) {
		h := r.helperState(t, "sip")
		for _, e := range h.Entries {
			if e.Config.ID == 21 {
				own = e.Hits
			}
		}
		return h.Hits, own
	}
	open := func(port int) {
		r.flow(t, "port1", fmt.Sprintf("10.1.0.2:%d", 7000+len(r.rules)*10+port%7), fmt.Sprintf("10.2.0.2:%d", port))
	}
	open(5070)
	open(5060)
	if all, own := hits(); all != 2 || own != 1 {
		t.Errorf("%d and %d", all, own)
	}
	r.worker.SetRuleset(r.rules[1])
	if all, own := hits(); all != 2 || own != 0 {
		t.Errorf("under another entry %d and %d", all, own)
	}
	r.worker.SetRuleset(r.rules[0])
	open(5070 + 7)
	if all, own := hits(); all != 2 || own != 1 {
		t.Errorf("again %d and %d", all, own)
	}
}
