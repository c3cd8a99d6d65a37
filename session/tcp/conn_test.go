package tcp

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// play shows the tracker lines such as "> SA 9000 101 len 20 win 5 ws 7 = pass
// established": a side, flags, number, acknowledgement, what is not the default,
// the result and, where it is told, the state.
func play(t *testing.T, c *Conn, m Mode, story string) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(story), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		told, want, _ := strings.Cut(line, "=")
		d, s := parse(t, strings.Fields(told))
		was := *c
		r := c.Track(d, &s, m)
		result, state, _ := strings.Cut(strings.TrimSpace(want), " ")
		if results[r] != result || state != "" && c.state.String() != state {
			t.Errorf("%s: got %s %v", strings.TrimSpace(line), results[r], c.state)
		}
		if !r.Passes() && *c != was {
			t.Errorf("%s: what is dropped must change nothing", strings.TrimSpace(line))
		}
	}
}

var results = [...]string{OutOfState: "state", OutOfWindow: "window", Alive: "alive", Pass: "pass", Reopen: "reopen"}

func parse(t *testing.T, words []string) (d uint8, s Segment) {
	t.Helper()
	if words[0] == "<" {
		d = 1
	}
	for _, f := range words[1] {
		s.Flags |= map[rune]uint8{'S': SYN, 'A': ACK, 'F': FIN, 'R': RST}[f]
	}
	s.Window = 1000
	var err error
	num := func(w string) (n uint32) {
		if _, e := fmt.Sscan(w, &n); e != nil {
			err = e
		}
		return n
	}
	s.Seq, s.Ack = num(words[2]), num(words[3])
	for i := 4; i+1 < len(words); i += 2 {
		n := num(words[i+1])
		switch words[i] {
		case "len":
			s.Len = n
		case "win":
			s.Window = uint16(n)
		case "ws":
			s.Scale = uint8(n) + 1
		case "sack":
			s.SACK, s.HasSACK = n, true
		default:
			err = fmt.Errorf("%s: no such word", words[i])
		}
	}
	if err != nil {
		t.Fatal(words, err)
	}
	return d, s
}

const hello = `
	> S 100 0 = alive syn-sent
	< SA 900 101 = alive syn-received
	> A 101 901 = alive established
`

// TestStories plays short connections.
func TestStories(t *testing.T) {
	for _, c := range []struct {
		name  string
		mode  Mode
		story string
	}{
		{"nothing opens but a SYN of the opener", Mode{}, `
			> A 1 1 = state none
			< S 1 0 = state none
			< SA 1 1 = state none
			> SA 1 1 = state none
			> R 1 0 = state none
			> S 100 0 = alive syn-sent
			> A 101 1 = state
			> SA 100 1 = state
			> FA 101 1 = state`},
		{"the opener thinks better of it", Mode{}, `
			> S 100 0 = alive
			> R 5 0 = window
			> R 101 0 = alive close
			< SA 900 101 = state
			< R 1 1 = pass close
			> S 200 0 = reopen`},
		{"refused", Mode{}, `
			> S 100 0 = alive
			< R 101 0 = window
			< RA 0 100 = window
			< RA 0 101 = alive close`},
		{"another SYN before any answer", Mode{}, `
			> S 100 0 = alive
			> S 5000 0 = alive
			< SA 900 101 = window
			< SA 900 5001 = alive syn-received
			> A 5001 901 = alive established`},
		{"a SYN that carries data", Mode{}, `
			> S 100 0 len 50 = alive
			< SA 900 152 = window
			< SA 900 151 = alive syn-received
			< A 901 151 len 500 = alive syn-received
			> A 151 1401 = alive established`},
		{"of which the server takes nothing", Mode{}, `
			> S 100 0 len 50 = alive
			< SA 900 101 = alive
			> A 101 901 len 50 = alive established`},
		{"the first acknowledgement is of the SYN", Mode{}, `
			> S 100 0 = alive
			< SA 900 101 = alive
			> A 101 900 = window
			> A 101 902 = window
			> A 101 901 = alive established`},
		{"an answer with another number", Mode{}, `
			> S 100 0 = alive
			< SA 900 101 = alive
			< SA 70000 101 = alive syn-received
			> A 101 70001 = alive established`},
		{"reset while opening", Mode{}, `
			> S 100 0 = alive
			< SA 900 101 = alive
			< R 5 0 = window
			< RA 5 100 = window
			> R 7 0 = window
			< RA 0 101 = alive close`},
		{"closing one after the other", Mode{}, hello + `
			> FA 101 901 = alive fin-wait
			> FA 101 901 = alive fin-wait
			< A 901 102 len 100 = alive close-wait
			> A 102 1001 = alive close-wait
			< FA 1001 102 = alive last-ack
			> A 102 1002 = alive time-wait
			< FA 1001 102 = alive time-wait
			> A 103 1002 len 1 = window
			< A 1003 102 len 1 = window`},
		{"a FIN before the bytes it follows", Mode{}, hello + `
			> FA 301 901 = alive fin-wait
			> A 101 901 len 200 = alive fin-wait
			< A 901 301 = alive fin-wait
			< A 901 302 = alive close-wait`},
		{"what seemed a FIN was none", Mode{}, hello + `
			> FA 201 901 = alive fin-wait
			> A 101 901 len 600 = alive established
			< A 901 701 = alive established`},
		{"an old SYN is no sign of life", Mode{}, `
			> S 100 0 = alive
			> S 100 0 = alive
			< SA 900 101 = alive
			> S 100 0 = alive syn-received
			> A 101 901 = alive
			> S 100 0 = pass established
			< SA 900 101 = pass established
			< SA 900 100001 = window
			> SA 100 901 = state
			< S 900 0 = state`},
		{"a SYN in TIME_WAIT must be newer", Mode{}, hello + `
			> FA 101 901 = alive
			< FA 901 102 = alive
			> A 102 902 = alive time-wait
			> S 99 0 = pass time-wait
			< A 902 102 = alive time-wait
			> S 103 0 = reopen time-wait`},
		{"but not where numbers are looked at loosely", Mode{AntiReplay: Loose}, hello + `
			> FA 101 901 = alive
			< FA 901 102 = alive
			> A 102 902 = alive time-wait
			> S 99 0 = reopen time-wait`},
		{"an old SYN in TIME_WAIT that is answered all the same", Mode{}, hello + `
			> FA 101 901 = alive
			< FA 901 102 = alive
			> A 102 902 = alive time-wait
			> S 99 0 = pass time-wait
			< SA 4000007 100 = alive syn-received`},
		{"no scale but of both", Mode{}, `
			> S 100 0 ws 7 = alive
			< SA 900 101 win 500 = alive
			> A 101 901 = alive
			> A 604 901 = window
			> A 603 901 = alive`},
		{"scaled after the SYN", Mode{}, `
			> S 100 0 ws 7 win 100 = alive
			< SA 900 101 ws 2 win 500 = alive
			> A 101 901 win 100 = alive
			> A 604 901 win 100 = window
			< A 901 101 win 500 = alive
			> A 2104 901 win 100 = window
			> A 2103 901 win 100 = alive
			< A 13704 101 = window
			< A 13703 101 = alive`},
		{"a wild scale is bounded", Mode{}, `
			> S 100 0 ws 250 = alive
			< SA 900 101 ws 14 = alive
			> A 101 901 win 65535 = alive established`},
		{"acknowledgements of the past", Mode{}, hello + `
			< A 901 101 len 1000 = alive
			> A 101 1901 win 65535 = alive
			< A 1901 101 len 65000 = alive
			> A 101 66901 win 65535 = alive
			< A 66901 101 len 65535 = alive
			> A 101 132436 win 65535 = alive
			< A 132436 101 len 65535 = alive
			> A 101 65971 = alive
			> A 101 65970 = window
			> A 101 65970 sack 70000 = alive
			> A 101 65970 sack 197972 = window
			> A 101 65970 sack 60000 = window`},
		{"sequence numbers are not looked at", Mode{AntiReplay: Disable}, hello + `
			> A 70000000 5 len 10 = alive established
			< A 300 70000010 = alive established
			> R 5 0 = pass established
			> S 1 1 = pass
			< SA 7 7 = pass
			> FA 80000000 2 = alive fin-wait
			> R 80000001 0 = alive close`},
		{"but resets are", Mode{AntiReplay: Disable, ResetRange: true}, hello + `
			> A 70000000 5 len 10 = alive established
			> R 5 0 = window
			> R 70000010 0 = alive close`},
		{"old resets while closing", Mode{}, hello + `
			> A 101 901 len 99 = alive
			< A 901 200 = alive
			< FA 901 200 = alive fin-wait
			> R 150 0 = pass fin-wait
			> R 4000000000 0 = window
			> R 200 0 = alive close`},
		{"which check-reset-range drops", Mode{ResetRange: true}, hello + `
			> A 101 901 len 99 = alive
			< A 901 200 = alive
			< FA 901 200 = alive fin-wait
			> R 150 0 = window
			> R 250 0 = pass
			> R 200 0 = alive close
			> R 150 0 = window`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var conn Conn
			play(t, &conn, c.mode, c.story)
		})
	}
}

// TestPickUp follows a connection from its middle on.
func TestPickUp(t *testing.T) {
	_, first := parse(t, strings.Fields("> A 5000 70000 len 100"))
	c := PickUp(0, first)
	play(t, &c, Mode{}, `
		> A 5100 80000 len 100 = alive established
		< A 60000 5000 len 1000 = alive
		< A 90000 5200 len 1000 = alive
		> A 5200 91000 = alive
		> A 5200 91001 = window
		> A 2000000000 91000 = window
		< R 12 0 = window
		< FA 91000 5200 = alive fin-wait
		> FA 5200 91001 = alive last-ack
		< A 91001 5201 = alive time-wait`)
	c = PickUp(1, Segment{Flags: FIN | ACK, Seq: 7, Ack: 9})
	play(t, &c, Mode{}, `
		> A 9 8 = alive close-wait`)
}

// TestPromise: who acknowledges in the name of the other side opens its window.
func TestPromise(t *testing.T) {
	var c Conn
	play(t, &c, Mode{}, hello+`> A 1104 901 = window`)
	c.Promise(0, 201, 1000)
	play(t, &c, Mode{}, `
		> A 1204 901 = window
		> A 1203 901 = alive`)
}

// TestQuotes: an ICMP error is about what was sent lately.
func TestQuotes(t *testing.T) {
	var c Conn
	play(t, &c, Mode{}, hello)
	for seq, want := range map[uint32]bool{101: true, 100: true, 102: false, 1 << 31: false} {
		if c.Quotes(0, seq) != want {
			t.Errorf("%d: expected %v", seq, want)
		}
	}
}

// TestAllocs: nothing is allocated, whatever comes.
func TestAllocs(t *testing.T) {
	var c Conn
	play(t, &c, Mode{}, hello)
	if n := testing.AllocsPerRun(100, func() {
		c.Track(0, &Segment{Flags: ACK, Seq: 101, Ack: 901}, Mode{})
		c.Track(0, &Segment{Flags: RST, Seq: 5}, Mode{})
		c.Track(0, &Segment{Flags: SYN, Seq: 5}, Mode{})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzTrack shows the tracker any segments: it must not fail, what it drops must
// change nothing, and the short way must say what the long one says.
func FuzzTrack(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00\x00\x64\x00\x00\x00\x00\x10\x00\x00\x00\x00" + "\x92\x00\x00\x00\x03\x84\x00\x00\x00\x65\x10\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var c Conn
		for ; len(in) >= 15; in = in[15:] {
			d := in[0] >> 7
			s := Segment{
				Flags: in[0] & control, SACKOK: in[0]&0x20 != 0, HasSACK: in[0]&0x40 != 0,
				Seq: binary.BigEndian.Uint32(in[1:]), Ack: binary.BigEndian.Uint32(in[5:]), SACK: binary.BigEndian.Uint32(in[9:]),
				Window: binary.BigEndian.Uint16(in[9:]), Scale: in[11], Len: uint32(binary.BigEndian.Uint16(in[12:])),
			}
			m := Mode{AntiReplay: AntiReplay(in[14] % 3), ResetRange: in[14]&0x80 != 0}
			if in[14]&0x40 != 0 { // numbers that fit
				s.Seq, s.Ack = c.side[d].end, c.side[d^1].end
			}
			if !FlagsOK(s.Flags) {
				continue
			}
			was, long := c, c
			r := c.Track(d, &s, m)
			if !r.Passes() && c != was {
				t.Fatalf("%+v is dropped (%v) and changes\n%+v into\n%+v", s, r, was, c)
			}
			if l := long.track(d, &s, m); l != r || long != c {
				t.Fatalf("%+v: the short way says %v, %+v\nthe long one %v, %+v", s, r, c, l, long)
			}
			if c.state.String() == "unknown" || c.flags&met == 0 && c.state != None && c.state != SynSent && c.state != Close {
				t.Fatalf("%+v: state %v, %+v", s, c.state, c)
			}
		}
	})
}
