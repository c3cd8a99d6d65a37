package reassembly

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"portcullis/packet"
	"portcullis/packet/packettest"
)

// model is the simplest thing that does what a table does: every fragment is kept,
// and every new one compared with all of them.
type model map[string]*modelDatagram

type modelDatagram struct {
	born   time.Duration
	pieces []modelPiece
	dead   packet.Reason
}

type modelPiece struct {
	at   int
	data []byte
	more bool
}

// add says what becomes of a piece, and what is whole with it.
func (m model) add(now time.Duration, key string, timeout time.Duration, p modelPiece) ([]byte, packet.Reason) {
	d := m[key]
	if d == nil || now-d.born >= timeout {
		d = &modelDatagram{born: now}
		m[key] = d
	}
	if d.dead == packet.ReasonNone {
		d.dead = d.judge(p)
	}
	if why := d.dead; why != packet.ReasonNone {
		if why == packet.ReasonFragmentDuplicate {
			d.dead = packet.ReasonNone
		}
		return nil, why
	}
	d.pieces = append(d.pieces, p)
	whole := d.whole()
	if whole != nil {
		delete(m, key)
	}
	return whole, packet.ReasonNone
}

func (d *modelDatagram) judge(p modelPiece) packet.Reason {
	end := p.at + len(p.data)
	overlap, contradiction := false, false
	for _, o := range d.pieces {
		oend := o.at + len(o.data)
		switch {
		case o.at == p.at && bytes.Equal(o.data, p.data) && o.more == p.more:
			return packet.ReasonFragmentDuplicate
		case p.at < (oend+7)/8*8 && o.at < (end+7)/8*8:
			overlap = true
		case !o.more && (!p.more || end > oend), !p.more && oend > end:
			contradiction = true
		}
	}
	switch {
	case overlap:
		return packet.ReasonFragmentOverlap
	case contradiction:
		return packet.ReasonBadFragment
	case p.at == 0 && len(p.data) < 8:
		return packet.ReasonFragmentTiny
	}
	return packet.ReasonNone
}

// whole is the map of bytes, where it has no hole and an end.
func (d *modelDatagram) whole() []byte {
	have, end := map[int]byte{}, -1
	for _, p := range d.pieces {
		for i, b := range p.data {
			have[p.at+i] = b
		}
		if !p.more {
			end = p.at + len(p.data)
		}
	}
	if end < 0 || len(have) != end {
		return nil
	}
	b := make([]byte, end)
	for i := range b {
		b[i] = have[i]
	}
	return b
}

// sender makes fragments of a few datagrams: mostly what a sender would send,
// in any order and again, and sometimes not.
type sender struct {
	r      *rand.Rand
	queued []sent
	last   int // identification
}

// sent is a fragment on its way: its line, and what the model is told of it.
type sent struct {
	line, key string
	six       bool
	modelPiece
}

func (s *sender) next() sent {
	for len(s.queued) < 20 {
		s.cut()
	}
	i := s.r.IntN(len(s.queued))
	f := s.queued[i]
	switch s.r.IntN(60) {
	case 0, 1, 2: // again, later
	case 3: // other bytes, or another size
		f = s.wrong(f)
	default:
		s.queued[i] = s.queued[len(s.queued)-1]
		s.queued = s.queued[:len(s.queued)-1]
	}
	return f
}

// cut queues a datagram in fragments.
func (s *sender) cut() {
	data := make([]byte, 24+s.r.IntN([]int{60, 500, 5000}[s.r.IntN(3)]))
	for i := range data {
		data[i] = byte(s.r.IntN(256))
	}
	s.last++
	id, six := s.last%60000, s.r.IntN(2) == 0
	if s.r.IntN(20) == 0 {
		id = max(0, id-s.r.IntN(20)) // one that is in use
	}
	for at := 0; at < len(data); {
		n := min(len(data)-at, 8*(1+s.r.IntN(1+len(data)/16)))
		s.queued = append(s.queued, spell(id, six, at, data[at:at+n], at+n < len(data)))
		at += n
	}
}

func (s *sender) wrong(f sent) sent {
	var id int
	fmt.Sscanf(f.key, "%d", &id)
	data, at, more := bytes.Clone(f.data), f.at, f.more
	switch s.r.IntN(4) {
	case 0:
		data[s.r.IntN(len(data))] ^= 1
	case 1:
		at = max(0, at-8)
	case 2:
		data = append(data[:len(data)&^7], 1, 2, 3, 4, 5, 6, 7, 8)
	case 3:
		more = !more && len(data)%8 == 0
	}
	if at == 0 && !more {
		return f // that would be no fragment
	}
	return spell(id, f.six, at, data, more)
}

func spell(id int, six bool, at int, data []byte, more bool) sent {
	f := sent{key: fmt.Sprintf("%d %v", id, six), six: six, modelPiece: modelPiece{at, data, more}}
	f.line = fmt.Sprintf("ip-17 10.0.0.1 > 10.0.0.2 ipid %d hex %x frag %d", id, data, at/8)
	if six {
		f.line = fmt.Sprintf("ip-17 fd00::1 > fd00::2 ipid %d hex %x frag %d", id, data, at/8)
	}
	if more {
		f.line += "+"
	}
	return f
}

// TestModel compares a table with the model, fragment by fragment, while time
// passes. What becomes whole has bytes at random in the place of its UDP header, so
// it is compared unparsed.
func TestModel(t *testing.T) {
	r, m := newRig(32<<20), model{}
	s := &sender{r: rand.New(rand.NewPCG(7, 8))}
	now, wholes, counts := time.Duration(0), 0, [packet.NumReasons]int{}
	for i := range 40000 {
		f := s.next()
		timeout := 30 * time.Second
		if f.six {
			timeout *= 2
		}
		want, wantWhy := m.add(now, f.key, timeout, f.modelPiece)
		w, why := r.Add(int64(now), packettest.Packet(f.line))
		var got []byte
		if w.Size > 0 {
			frame := r.Take(w, make([]byte, 0, w.Size))
			head := 34
			if f.six {
				head = 54
			}
			got = frame[head:]
			wholes++
		}
		if why != wantWhy || !bytes.Equal(got, want) {
			t.Fatalf("fragment %d: %s\n%v, expected %v\nwhole %x\nexpected %x", i, f.line, why, wantWhy, got, want)
		}
		counts[why]++
		if s.r.IntN(300) == 0 {
			now += time.Duration(s.r.Int64N(int64(40 * time.Second)))
			if s.r.IntN(2) == 0 {
				r.Expire(int64(now), 1+s.r.IntN(9))
			}
		}
		if i%16 != 0 {
			continue
		}
		if err := r.CheckInvariants(); err != nil {
			t.Fatalf("after fragment %d: %s: %v", i, f.line, err)
		}
	}
	if wholes < 1000 || counts[packet.ReasonFragmentDuplicate] < 100 || counts[packet.ReasonFragmentOverlap] < 100 || counts[packet.ReasonBadFragment] < 100 {
		t.Errorf("too little happened: %d wholes, %v", wholes, counts)
	}
}

// TestCut: packets of all kinds, cut to any size and shuffled, are what they were.
func TestCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	r := newRig(1 << 20)
	done := 0
	for range 20000 {
		p := packettest.Packet(packettest.Random(rng))
		p.Offload.GSO = packet.GSONone
		if p.Frag || len(p.Data()) < 8 {
			continue
		}
		p.SetIdentification(rng.Uint32())
		p.CompleteChecksum()
		mtu := 128 + rng.IntN(1000)
		var frames [][]byte
		packet.Fragment(p, mtu, func(f []byte) { frames = append(frames, bytes.Clone(f)) })
		if len(frames) < 2 {
			continue
		}
		rng.Shuffle(len(frames), func(i, j int) { frames[i], frames[j] = frames[j], frames[i] })
		var whole *packet.Packet
		for i, f := range frames {
			var why packet.Reason
			if whole, why = r.frame(t, 0, f, packet.Offload{}); why != packet.ReasonNone || (whole != nil) != (i == len(frames)-1) {
				t.Fatalf("fragment %d of %d of %s: %v, whole: %v", i, len(frames), packettest.Text(p), why, whole != nil)
			}
		}
		if !bytes.Equal(whole.Frame, p.Frame) {
			t.Fatalf("another packet:\n%s\n%s", packettest.Text(p), packettest.Text(whole))
		}
		done++
	}
	if done < 1000 || r.Len() != 0 || r.Memory() != 0 {
		t.Errorf("%d packets, %d left, %d bytes held", done, r.Len(), r.Memory())
	}
}

// FuzzTable lets the fuzzer write fragments: a byte of length (in units of 4), a
// byte of time, the frame. What becomes whole must be no fragment again.
func FuzzTable(f *testing.F) {
	for _, parts := range [][]string{{"0-56", "56-"}, {"56-", "0-56", "48-"}, {"0-8", "8-"}} {
		for _, line := range []string{"udp 10.0.0.1:5 > 10.0.0.2:6 len 100", "tcp [fd00::1]:5 > [fd00::2]:6 A len 100 ext 0", "udp [fd00::1]:5 > [fd00::2]:6 len 100"} {
			var input []byte
			for _, part := range parts {
				frame := packettest.Frame(line + " part " + part)
				for len(frame)%4 != 0 {
					frame = append(frame, 0)
				}
				input = append(append(input, byte(len(frame)/4), 0), frame...)
			}
			f.Add(input)
		}
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		r := newRig(24 << 10)
		now := int64(0)
		for len(input) > 2 {
			n := min(int(input[0])*4, len(input)-2)
			now += int64(input[1]) << 26
			var p packet.Packet
			if p.Parse(bytes.Clone(input[2:2+n]), packet.Offload{}) == packet.ReasonNone && p.Frag {
				w, why := r.Add(now, &p)
				if why == packet.ReasonNone && w.Size > 0 {
					var whole packet.Packet
					switch why := whole.Parse(r.Take(w, make([]byte, 0, w.Size)), packet.Offload{}); {
					case why == packet.ReasonBadIPChecksum, why == packet.ReasonTruncated, why == packet.ReasonBadIPHeader:
						t.Fatalf("the whole has a wrong IP header: %v", why)
					case why == packet.ReasonNone && whole.Frag:
						t.Fatalf("the whole is a fragment: %x", whole.Frame)
					}
				}
			}
			r.Expire(now, 4)
			if err := r.CheckInvariants(); err != nil {
				t.Fatal(err)
			}
			input = input[2+n:]
		}
	})
}
