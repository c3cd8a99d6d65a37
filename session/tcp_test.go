package session_test

import (
	"fmt"
	"strings"
	"testing"

	"portcullis/packet"
	"portcullis/session"
)

var stateNames = map[session.State]string{
	session.StateEstablished: "established", session.StateSynSent: "syn-sent", session.StateSynReceived: "syn-received",
	session.StateFinWait: "fin-wait", session.StateTimeWait: "time-wait", session.StateClose: "close",
	session.StateCloseWait: "close-wait", session.StateLastAck: "last-ack",
}

// TestTrack plays connections. A line is the sender (> the opener, < the other),
// flags, sequence number, acknowledgement, length, and the state that follows; !
// marks a segment that does not fit.
func TestTrack(t *testing.T) {
	for name, script := range map[string]string{
		"opener closes first": `
			> S 100 0 0 syn-sent
			< SA 900 101 0 syn-received
			> A 101 901 0 established
			> A 101 901 10 established
			< A 901 111 5 established
			> FA 111 906 0 fin-wait
			< A 906 112 0 close-wait
			< A 906 112 100 close-wait
			< FA 1006 112 0 last-ack
			> A 112 1007 0 time-wait`,
		"other closes first": `
			> S 100 0 0 syn-sent
			< SA 900 101 0 syn-received
			> A 101 901 0 established
			< FA 901 101 0 fin-wait
			> A 101 902 0 close-wait
			> FA 101 902 0 last-ack
			< A 902 102 0 time-wait`,
		"FIN answered by FIN and ACK in one": `
			> S 100 0 0 syn-sent
			< SA 900 101 0 syn-received
			> A 101 901 0 established
			> FA 101 901 4 fin-wait
			< FA 901 106 0 last-ack
			> A 106 902 0 time-wait`,
		"both close at once": `
			> S 100 0 0 syn-sent
			< SA 900 101 0 syn-received
			> A 101 901 0 established
			> FA 101 901 0 fin-wait
			< FA 901 101 0 last-ack
			> A 102 902 0 last-ack
			< A 902 102 0 time-wait`,
		"an ACK of less than the FIN": `
			> S 100 0 0 syn-sent
			< SA 900 101 0 syn-received
			> A 101 901 0 established
			> FA 101 901 50 fin-wait
			< A 901 151 0 fin-wait
			< A 901 152 0 close-wait`,
		"FIN sent again": `
			> S 100 0 0 syn-sent
			< SA 900 101 0 syn-received
			> A 101 901 0 established
			> FA 101 901 0 fin-wait
			> FA 101 901 0 fin-wait
			< A 901 102 0 close-wait
			> FA 101 901 0 close-wait`,
		"numbers wrap": `
			> S 4294967290 0 0 syn-sent
			< SA 4294967295 4294967291 0 syn-received
			> A 4294967291 0 0 established
			> FA 4294967291 0 10 fin-wait
			< A 0 5 0 fin-wait
			< FA 0 6 0 last-ack
			> A 6 1 0 time-wait`,
		"refused": `
			> S 100 0 0 syn-sent
			< RA 0 101 0 close`,
		"reset by the opener": `
			> S 100 0 0 syn-sent
			< SA 900 101 0 syn-received
			> A 101 901 0 established
			> R 101 0 0 close
			< A 901 101 9 close`,
		"reset while closing": `
			> S 100 0 0 syn-sent
			< SA 900 101 0 syn-received
			> A 101 901 0 established
			> FA 101 901 0 fin-wait
			< R 901 0 0 close`,
		"SYN sent again": `
			> S 100 0 0 syn-sent
			> S 100 0 0 syn-sent
			< SA 900 101 0 syn-received
			> S 100 0 0 syn-received
			< SA 900 101 0 syn-received
			> A 101 901 0 established`,
		"challenge ACK of an older connection": `
			> S 100 0 0 syn-sent
			< A 5000 77 0 syn-sent
			> S 100 0 0 syn-sent
			< SA 900 101 0 syn-received
			> A 101 901 0 established`,
		"opener's ACK before the answer": `
			> S 100 0 0 syn-sent
			> A 101 901 0 !syn-sent
			> FA 101 901 0 !syn-sent
			< FA 900 101 0 syn-sent
			< SA 900 101 0 syn-received`,
		"both open at once": `
			> S 100 0 0 syn-sent
			< S 900 0 0 syn-received
			> SA 100 901 0 syn-received
			< SA 900 101 0 syn-received
			> A 101 901 0 established`,
		"SYN on an established connection": `
			> S 100 0 0 syn-sent
			< SA 900 101 0 syn-received
			> A 101 901 0 established
			> S 7000 0 0 established
			< A 901 101 0 established`,
		"the handshake's ACK closes": `
			> S 100 0 0 syn-sent
			< SA 900 101 0 syn-received
			> FA 101 901 0 fin-wait`,
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) { play(t, script) })
	}
}

func play(t *testing.T, script string) {
	var tcp session.TCP
	state := session.StateSynSent
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		var who, flags, want string
		var s session.Segment
		if _, err := fmt.Sscan(line, &who, &flags, &s.Seq, &s.Ack, &s.Len, &want); err != nil {
			t.Fatal(line, err)
		}
		for _, f := range flags {
			s.Flags |= map[rune]uint8{'S': packet.TCPSyn, 'A': packet.TCPAck, 'F': packet.TCPFin, 'R': packet.TCPRst}[f]
		}
		dir := packet.Original
		if who == "<" {
			dir = packet.Reply
		}
		before := tcp
		next, ok := tcp.Track(state, dir, s)
		name, misfit := strings.CutPrefix(want, "!")
		if stateNames[next] != name || ok == misfit {
			t.Fatalf("%s: %s, fits: %v", strings.TrimSpace(line), stateNames[next], ok)
		}
		if !ok && (tcp != before || next != state) {
			t.Fatalf("%s: it does not fit, and changes something", line)
		}
		state = next
	}
}

func TestFlags(t *testing.T) {
	const s, a, f, r, p, u = packet.TCPSyn, packet.TCPAck, packet.TCPFin, packet.TCPRst, packet.TCPPsh, packet.TCPUrg
	good := map[uint8]bool{s: true, s | a: true, a: true, f | a: true, r: true, r | a: true}
	for flags := range 256 {
		core := uint8(flags) & (s | a | f | r)
		if got := session.FlagsOK(uint8(flags)); got != good[core] {
			t.Errorf("flags %08b: %v", flags, got)
		}
		if got := session.Opens(uint8(flags)); got != (core == s) {
			t.Errorf("flags %08b open: %v", flags, got)
		}
	}
	if session.FlagsOK(f | p | u) { // an Xmas tree
		t.Error("FIN, PSH and URG alone")
	}
}
