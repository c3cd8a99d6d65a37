package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"portcullis/engine"
	"portcullis/packet"
)

// TestTraceDatagram: of a datagram every rewritten place is told, by its offset there,
// and the pair of ports that it announces.
func TestTraceDatagram(t *testing.T) {
	r := crierRig(t, true)
	tr := &engine.Trace{Chooses: func(*packet.Key) bool { return true }, Packets: 1}
	r.worker.SetTrace(tr)
	r.cry(t, "port1", crierClient, crierServer, "mention 10.1.0.2\npair 10.1.0.2:40000\nmany 10.9.9.9:7\n")
	r.cry(t, "port1", crierClient, crierServer, "pair 10.1.0.2:40010\n") // not traced any more
	lines, lost := tr.Read()
	text := ""
	for _, l := range lines {
		text += l.Text + "\n"
	}
	for _, want := range []string{
		"helper-sip: expects (proto=17, 10.2.0.2:any->10.2.0.1:40000), for 10.1.0.2:40000\n",
		"helper-sip: expects (proto=17, 10.2.0.2:any->10.2.0.1:40001), for 10.1.0.2:40001\n",
		"helper-sip: refused (proto=17, 10.2.0.2:any->10.9.9.9:7): address: ",
		`helper-sip: rewrote "10.1.0.2" as "10.2.0.1" at offset 8` + "\n",
		`helper-sip: rewrote "10.1.0.2:40000" as "10.2.0.1:40000" at offset 22` + "\n",
	} {
		if strings.Count(text, want) != 1 {
			t.Errorf("expected %q once in\n%s", want, text)
		}
	}
	if lost != 0 || strings.Contains(text, "40010") || tr.Packets != 0 {
		t.Errorf("%d lines lost, %d packets left of\n%s", lost, tr.Packets, text)
	}
}

// TestTraceBounded: nobody reads, so memory does not grow; what is lost is counted.
// Without a trace nothing more is told.
func TestTraceBounded(t *testing.T) {
	r := newRig(t, rigPolicy)
	tr := &engine.Trace{Chooses: func(k *packet.Key) bool { return k.DstPort == 53 }, Packets: 1 << 20}
	r.worker.SetTrace(tr)
	const packets = 6000
	send := func() {
		for i := range packets {
			r.flow(t, "port1", fmt.Sprintf("10.1.0.2:%d", 20000+i%8), "10.2.0.2:53")
		}
	}
	send()
	r.flow(t, "port1", "10.1.0.2:20000", "10.2.0.2:54")
	lines, lost := tr.Read()
	if len(lines) != 1<<14 || lost == 0 || tr.Packets != 1<<20-packets {
		t.Errorf("%d lines, %d lost, %d packets left", len(lines), lost, tr.Packets)
	}
	r.worker.SetTrace(nil)
	send()
	if lines, lost = tr.Read(); len(lines)+lost != 0 || r.worker.Traced() {
		t.Errorf("%d lines, %d lost of no trace", len(lines), lost)
	}
}
