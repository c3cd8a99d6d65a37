package sctp

import (
	"strings"
	"testing"
)

// chunkTypes are the words of the scripts below.
var chunkTypes = map[string]uint8{
	"data": 0, "init": Init, "init-ack": InitAck, "sack": 3, "heartbeat": 4, "heartbeat-ack": 5, "abort": Abort,
	"shutdown": Shutdown, "shutdown-ack": ShutdownAck, "error": Error, "cookie-echo": CookieEcho, "cookie-ack": CookieAck,
	"shutdown-complete": ShutdownComplete, "auth": auth, "asconf": 0xc1,
}

var resultNames = map[Result]string{OutOfState: "out-of-state", WrongTag: "wrong-tag", Alive: "alive", Pass: "pass", Reopen: "reopen"}

// tagOf is the tag that a word stands for; "0" and "" are none.
func tagOf(w string) (tag uint32) {
	if w == "0" {
		return 0
	}
	for _, c := range w {
		tag = tag<<8 | uint32(c)
	}
	return tag
}

// read reads "data+sack b" or "init 0 offers a" or "abort/t b".
func read(words []string) (p Packet) {
	p.Tag = tagOf(words[1])
	offer := uint32(0)
	if len(words) == 4 {
		offer = tagOf(words[3])
	}
	for _, name := range strings.Split(words[0], "+") {
		name, t := strings.CutSuffix(name, "/t")
		typ, ok := chunkTypes[name]
		if !ok {
			panic(name)
		}
		flags := uint8(0)
		if t {
			flags = reflected
		}
		p.Add(typ, flags, offer)
	}
	return p
}

// play runs a script. A line is "A init 0 offers a: alive cookie-wait": who sends
// what with which tag, and what becomes of it and of the association. A is the
// opener.
func play(t *testing.T, name, script string) {
	t.Helper()
	var a Assoc
	for line := range strings.SplitSeq(script, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		sent, want, _ := strings.Cut(line, ": ")
		words := strings.Fields(sent)
		d := uint8(strings.Index("AB", words[0]))
		switch words[1] {
		case "successor":
			a = a.Successor()
			continue
		case "picked":
			p := read(words[2:])
			if !p.Midway() {
				t.Errorf("%s: %s: it can not be picked up", name, sent)
			}
			a = PickUp(d, &p)
			words = words[1:]
		}
		before := a
		p := read(words[1:])
		r := a.Track(d, &p)
		if got := resultNames[r] + " " + a.state.String(); got != want {
			t.Fatalf("%s: %s: %s, expected %s", name, sent, got, want)
		}
		if !r.Passes() && a != before {
			t.Errorf("%s: %s: it was dropped and changed the association", name, sent)
		}
	}
}

const handshake = `
	A init 0 offers a: alive cookie-wait
	B init-ack a offers b: alive cookie-wait
	A cookie-echo+data b: alive cookie-echoed
	B cookie-ack+sack a: alive established
	`

func TestLife(t *testing.T) {
	for name, script := range map[string]string{
		"shut down by the opener": handshake + `
			A data b: alive established
			B sack a: alive established
			B heartbeat a: alive established
			A heartbeat-ack b: alive established
			A asconf b: alive established
			A auth+data b: alive established
			A shutdown b: alive shutdown-sent
			B data a: alive shutdown-sent
			B shutdown-ack a: alive shutdown-ack-sent
			B shutdown-ack a: alive shutdown-ack-sent
			A shutdown-complete b: alive closed
			B shutdown-ack a: pass closed
			A shutdown-complete/t a: pass closed
			A init 0 offers c: reopen closed`,
		"by the other side": handshake + `
			B shutdown+sack a: alive shutdown-recd
			A shutdown-ack b: alive shutdown-ack-sent
			B shutdown-complete a: alive closed
			B init 0 offers c: reopen closed`,
		"by both": handshake + `
			A shutdown b: alive shutdown-sent
			B shutdown a: alive shutdown-sent
			A shutdown-ack b: alive shutdown-ack-sent
			B shutdown-ack a: alive shutdown-ack-sent
			B shutdown-complete a: alive closed`,
		"aborted": handshake + `
			B abort a: alive closed
			A data b: pass closed
			A data x: wrong-tag closed
			B abort/t b: pass closed`,
		"aborted by an end that knows of nothing": handshake + `
			A data b: alive established
			B abort/t b: alive closed`,
		"refused": `
			A init 0 offers a: alive cookie-wait
			B abort a: alive closed
			A init 0 offers a: reopen closed`,
		"the handshake again and again": `
			A init 0 offers a: alive cookie-wait
			A init 0 offers a: alive cookie-wait
			B init-ack a offers b: alive cookie-wait
			B init-ack a offers c: alive cookie-wait
			A cookie-echo b: alive cookie-echoed
			B init-ack a offers d: pass cookie-echoed
			B init-ack a offers e: pass cookie-echoed
			A cookie-echo b: alive cookie-echoed
			B cookie-ack a: alive established
			A cookie-echo b: pass established
			B cookie-ack a: pass established
			A init 0 offers a: pass established
			A data b: alive established`,
		"another attempt": `
			A init 0 offers z: alive cookie-wait
			A init 0 offers a: alive cookie-wait
			B init-ack a offers b: alive cookie-wait
			A cookie-echo b: alive cookie-echoed
			B error a: pass cookie-echoed
			A init 0 offers a: pass cookie-echoed
			B init-ack a offers c: pass cookie-echoed
			A cookie-echo c: alive cookie-echoed
			B cookie-ack a: alive established
			A data b: wrong-tag established
			A data c: alive established`,
		"the COOKIE ACK is lost": `
			A init 0 offers a: alive cookie-wait
			B init-ack a offers b: alive cookie-wait
			A auth+cookie-echo b: alive cookie-echoed
			A data b: pass cookie-echoed
			B data a: pass cookie-echoed
			A cookie-echo b: alive cookie-echoed
			B cookie-ack a: alive established`,
		"picked up": `
			B picked data a: alive established
			B data a: alive established
			A sack b: alive established
			A sack c: wrong-tag established
			B data b: wrong-tag established
			B shutdown-ack a: alive shutdown-ack-sent`,
		"picked up, and unknown here": `
			A picked data b: alive established
			B abort a: wrong-tag established
			B abort/t a: wrong-tag established
			B abort/t b: alive closed`,
	} {
		play(t, name, script)
	}
}

// TestCollision: both ends open (RFC 9260 section 5.2.1 and the cases of section
// 5.2.4).
func TestCollision(t *testing.T) {
	for name, script := range map[string]string{
		"at once": `
			A init 0 offers a: alive cookie-wait
			B init 0 offers b: pass cookie-wait
			A init-ack b offers a: alive cookie-wait
			B init-ack a offers b: alive cookie-wait
			A cookie-echo b: alive cookie-echoed
			B cookie-echo a: alive cookie-echoed
			A cookie-ack b: alive established
			B cookie-ack a: pass established
			A data b: alive established
			B data a: alive established`,
		"a late INIT ACK of an end that had kept nothing": `
			A init 0 offers a: alive cookie-wait
			B init 0 offers b: pass cookie-wait
			A init-ack b offers a: alive cookie-wait
			B cookie-echo a: alive cookie-echoed
			A cookie-ack b: alive established
			B init-ack a offers z: pass established
			B data a: alive established
			A data b: alive established
			A data z: out-of-state established`,
		"the peer's tag is another than in the cookie": `
			A init 0 offers a: alive cookie-wait
			B init-ack a offers z: alive cookie-wait
			A cookie-echo z: alive cookie-echoed
			B init 0 offers b: pass cookie-echoed
			A init-ack b offers a: pass cookie-echoed
			B cookie-echo a: alive cookie-echoed
			A cookie-ack b: alive established
			A data b: alive established
			B data a: alive established`,
	} {
		play(t, name, script)
	}
}

func TestRestart(t *testing.T) {
	const again = handshake + `
		A init 0 offers c: pass established
		B data a: alive established
		B init-ack c offers d: pass established
		A cookie-echo+data d: pass established
		`
	for name, script := range map[string]string{
		"of the opener": again + `
			B cookie-ack c: alive established
			A data d: alive established
			B data c: alive established
			B data z: wrong-tag established
			A abort d: alive closed
			A init 0 offers e: pass closed
			B init-ack e offers f: pass closed
			A cookie-echo f: pass closed
			B cookie-ack e: alive established`,
		"its COOKIE ACK is lost": again + `
			B data c: pass established
			A cookie-echo d: pass established
			B cookie-ack c: alive established`,
		"of the other side, with the tag of the opener unchanged": handshake + `
			B init 0 offers c: pass established
			A init-ack c offers a: pass established
			B cookie-echo a: pass established
			A cookie-ack c: alive established
			A data c: alive established
			B data a: alive established`,
		"while it shuts down": handshake + `
			B shutdown a: alive shutdown-recd
			A init 0 offers c: pass shutdown-recd
			B init-ack c offers d: pass shutdown-recd
			A cookie-echo d: pass shutdown-recd
			B cookie-ack c: alive established`,
		"when the other end waits for the end": handshake + `
			A shutdown b: alive shutdown-sent
			B shutdown-ack a: alive shutdown-ack-sent
			A init 0 offers c: pass shutdown-ack-sent
			B shutdown-ack a: alive shutdown-ack-sent
			A shutdown-complete/t a: alive closed
			A init 0 offers c: reopen closed
			A successor
			A init 0 offers c: alive cookie-wait
			B shutdown-ack a: pass cookie-wait
			A shutdown-complete/t a: pass cookie-wait
			A init 0 offers c: alive cookie-wait
			B init-ack c offers d: alive cookie-wait
			A cookie-echo d: alive cookie-echoed
			B cookie-ack c: alive established`,
		"refused": handshake + `
			A init 0 offers c: pass established
			B abort c: pass established
			B data a: alive established`,
		"that was none": again + `
			B cookie-ack c: alive established
			A abort d: alive closed
			A init 0 offers x: pass closed
			B data a: alive established
			A data b: alive established
			A data d: pass established
			A abort d: pass established`,
		"after which the old one is aborted": again + `
			B cookie-ack c: alive established
			A abort b: pass established
			B data a: pass established
			A data d: alive established`,
	} {
		play(t, name, script)
	}
}

// TestStranger: what somebody sends who sees nothing.
func TestStranger(t *testing.T) {
	for name, script := range map[string]string{
		"to an association": handshake + `
			A abort x: wrong-tag established
			B abort x: wrong-tag established
			A abort/t b: wrong-tag established
			A abort/t x: wrong-tag established
			B shutdown x: wrong-tag established
			B shutdown-ack x: wrong-tag established
			A shutdown-complete x: wrong-tag established
			A cookie-ack x: wrong-tag established
			A cookie-echo x: wrong-tag established
			A init-ack x offers y: wrong-tag established
			A data 0: wrong-tag established
			A abort 0: wrong-tag established
			A abort/t 0: wrong-tag established
			A init 0 offers x: pass established
			A abort/t x: pass established
			A shutdown-complete/t x: pass established
			B data x: out-of-state established
			B init-ack x offers y: pass established
			A abort y: pass established
			A data b: alive established
			B data a: alive established`,
		"while it opens": `
			A init 0 offers a: alive cookie-wait
			A init 0 offers x: alive cookie-wait
			A init 0 offers v: alive cookie-wait
			A init 0 offers w: alive cookie-wait
			A init 0 offers y: alive cookie-wait
			A abort/t y: pass cookie-wait
			A abort x: wrong-tag cookie-wait
			B init 0 offers z: pass cookie-wait
			B abort/t z: pass cookie-wait
			B init-ack x offers z: wrong-tag cookie-wait
			B init-ack a offers b: alive cookie-wait
			A cookie-echo b: alive cookie-echoed
			A abort/t y: pass cookie-echoed
			A shutdown-complete/t y: pass cookie-echoed
			B cookie-ack x: wrong-tag cookie-echoed
			B cookie-ack a: alive established`,
		"before anything": `
			A init-ack x offers y: wrong-tag none
			A cookie-echo x: wrong-tag none
			A cookie-ack x: wrong-tag none
			A abort x: wrong-tag none
			A data x: wrong-tag none`,
		"malformed": `
			A init x offers a: wrong-tag none
			A init 0 offers 0: wrong-tag none
			A init+data 0 offers a: out-of-state none
			A data+init 0 offers a: out-of-state none
			A init 0 offers a: alive cookie-wait
			B init-ack a offers 0: wrong-tag cookie-wait
			B init-ack+data a offers b: out-of-state cookie-wait
			B data a: out-of-state cookie-wait
			B cookie-ack a: out-of-state cookie-wait
			B init-ack a offers b: alive cookie-wait
			A data+cookie-echo b: out-of-state cookie-wait
			A cookie-echo b: alive cookie-echoed
			B cookie-ack a: alive established
			A shutdown-complete b: pass established
			A shutdown b: alive shutdown-sent
			B shutdown-ack a: alive shutdown-ack-sent
			A data+shutdown-complete b: out-of-state shutdown-ack-sent`,
	} {
		play(t, name, script)
	}
}

func TestOpensAndMidway(t *testing.T) {
	for words, want := range map[string][2]bool{
		"init 0 offers a": {true, false}, "init x offers a": {}, "init 0 offers 0": {}, "init+data 0 offers a": {},
		"data a": {false, true}, "sack+data a": {false, true}, "heartbeat a": {false, true}, "shutdown a": {false, true},
		"data 0": {}, "abort a": {}, "data+abort a": {}, "cookie-echo+data a": {}, "cookie-ack a": {}, "shutdown-ack a": {},
		"shutdown-complete a": {}, "init-ack a offers b": {}, "error a": {}, "asconf a": {false, true},
	} {
		p := read(strings.Fields(words))
		if got := [2]bool{p.Opens(), p.Midway()}; got != want {
			t.Errorf("%s: opens, is midway: %v, expected %v", words, got, want)
		}
	}
}
