package engine_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"portcullis/engine"
	"portcullis/handover"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
)

// handOver is what the worker of r hands over now.
func (r *rig) handOver(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := r.worker.HandOver(r.now, &b, "rig", time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// takeUp has the worker of r take up a stream, after so much time.
func (r *rig) takeUp(t testing.TB, b []byte, away time.Duration) (fates [engine.NumFates]int) {
	t.Helper()
	fates, err := r.tryTakeUp(bytes.NewReader(b), away)
	if err != nil {
		t.Fatal(err)
	}
	return fates
}

func (r *rig) tryTakeUp(b io.Reader, away time.Duration) (fates [engine.NumFates]int, err error) {
	in, err := handover.NewReader(b)
	if err != nil {
		return fates, err
	}
	heir := r.worker.Inherit(r.now, in.Header(), away)
	defer heir.Finish()
	var rec handover.Record
	for err = in.Next(&rec); err == nil; err = in.Next(&rec) {
		fates[heir.Take(r.now, &rec)]++
	}
	if err == io.EOF {
		err = nil
	}
	return fates, err
}

// listing is all that a worker knows of its sessions and expectations, in words
// that do not depend on its numbers. What is dirty is not told: what was taken up
// is.
func (r *rig) listing() []string {
	var lines []string
	r.worker.Sessions(func(s *session.Session) bool {
		line := fmt.Sprintf("%d %v %v policy %d %s %s master %d shaper %s", s.ID, s.Key[0], s.Key[1], s.Policy, r.names.Service(s.Service),
			r.names.Helper(s.Helper), s.Master.ID, r.names.Shaper(s.Shaper))
		line += fmt.Sprintf(" state %v class %d resetby %d still %d", s.State, lasting(s), s.ResetBy, s.Still)
		line += fmt.Sprintf(" bound %v blocked %v log %v replied %v against %v anyseq %v resets %v new %v",
			s.Bound, s.Blocked, s.LogEnd, s.Replied, s.Against, s.AnySeq, s.Resets, s.CheckNew)
		line += fmt.Sprintf(" packets %v bytes %v created %v seen %v timeout %v", s.Packets, s.Bytes, s.Created, s.LastSeen, s.Timeout())
		for d := range s.Out {
			line += fmt.Sprintf(" by %s via %v offset %+v", r.names.Interface(s.Out[d]), r.names.Gateway(s.Hop[d]), r.worker.Offset(s, packet.Dir(d)))
		}
		line += fmt.Sprintf(" tcp %+v rewrite %+v", s.TCP, s.Rewrite)
		lines = append(lines, line)
		return true
	})
	r.worker.Expectations(func(e *session.Expectation) bool {
		lines = append(lines, fmt.Sprintf("expect %v %v opener %v master %d host %v policy %d %s %s created %v expires %v", e.Match, e.Leave, e.Opener,
			e.Master.ID, e.Host, e.Policy, r.names.Service(e.Service), r.names.Helper(e.Helper), e.Created, e.Expires))
		return true
	})
	slices.Sort(lines)
	return lines
}

// even lets time pass until a moment at which every timer that is due has ended.
func (r *rig) even() {
	const grain = session.Tick(128 * time.Millisecond)
	r.now = (r.now + grain - 1) / grain * grain
	for r.worker.Tick(r.now) {
	}
}

// TestTwin sends a storm to two workers, one of which is replaced again and again
// by another that takes up what it hands over. Both must come to the same.
func TestTwin(t *testing.T) {
	nat := rigPolicy + "nat = \"enable\"\n"
	quota := "[[firewall.shaper.per-ip-shaper]]\nname = \"few\"\nmax-concurrent-session = 7\nmax-concurrent-tcp-session = 5\n" + nat + "per-ip-shaper = \"few\"\n"
	loud := "tcp-session-without-syn = \"enable\"\n" + rigPolicy + "timeout-send-rst = \"enable\"\ntcp-session-without-syn = \"all\"\nsession-ttl = 300\n"
	denied := strings.Replace(rigPolicy, "accept", "deny", 1)
	texts := []string{nat, quota, "[system.settings]\n" + loud, denied}
	r, twin := newRig(t, texts...), newRig(t, texts...)
	r.twin = twin
	s := &storm{r: rand.New(rand.NewPCG(13, 14)), next: map[string]uint32{}}
	talks := []*talk{{id: 1}, {id: 2}, {id: 3}, {id: 4}}
	rules, restarts, most, taken := 0, 0, 0, 0
	generation := uint32(100)
	for i := range 40000 {
		if s.r.IntN(3) > 0 {
			pick(s.r, talks).step(t, r, s)
		} else {
			s.noise(t, r)
		}
		switch s.r.IntN(300) {
		case 0:
			r.now = r.now.Add(time.Duration(s.r.Int64N(int64(20 * time.Second))))
			r.even()
			twin.now = r.now
			twin.even()
		case 1:
			rules = []int{0, 1, 0, 2, 0, 3}[s.r.IntN(6)]
			generation++
			for _, x := range []*rig{r, twin} {
				x.worker.SetRuleset(x.rules[rules].Relink(nil, x.names, generation))
			}
		case 2, 3, 4:
			restarts++
			r.even()
			twin.now = r.now
			twin.even()
			next := newRig(t, texts...)
			next.now, next.worker = r.now, engine.NewWorker(next.rules[rules], r.now, engine.Options{Seed: s.r.Uint64(), Sink: next.ledger, Names: next.names})
			fates := next.takeUp(t, twin.handOver(t), 0)
			for f, n := range fates[engine.Taken+1:] {
				if n > 0 {
					t.Fatalf("after %d packets: %d %v", i, n, engine.Fate(f+1))
				}
			}
			taken += fates[engine.Taken]
			twin = next
			r.twin = twin
			if diff := cmp.Diff(r.listing(), twin.listing()); diff != "" {
				t.Fatalf("after %d packets, %d restarts (-went on +restarted):\n%s", i, restarts, diff)
			}
			generation++ // what was taken up is judged again
			r.worker.SetRuleset(r.rules[rules].Relink(nil, r.names, generation))
			r.worker.Forget(uint64(i))
			twin.worker.Forget(uint64(i))
		}
		if i%16 == 0 {
			if err := twin.worker.CheckInvariants(); err != nil {
				t.Fatalf("after %d packets: %v", i, err)
			}
			most = max(most, twin.worker.Stats().Sessions)
		}
	}
	st := r.worker.Stats()
	if restarts < 200 || most < 30 || taken < 3000 || st.Children < 50 || st.Expected < 100 || st.Evicted < 10 || st.Blocked < 50 {
		t.Errorf("the storm was a breeze: %d restarts, at most %d sessions, %d taken up, %+v", restarts, most, taken, st)
	}
}

// TestAwake takes up what was written down long ago: all of it has ended.
func TestAwake(t *testing.T) {
	r := newRig(t, rigPolicy)
	r.send(t, "port1", packettest.Frame("udp 10.1.0.2:6000 > 10.2.0.2:53 len 20"), packet.Offload{}, wellFormed(t))
	b := r.handOver(t)
	for away, want := range map[time.Duration]engine.Fate{
		-time.Hour: engine.Taken, 0: engine.Taken, 179 * time.Second: engine.Taken, 180 * time.Second: engine.Expired, 1<<63 - 1: engine.Expired,
	} {
		next := newRig(t, rigPolicy)
		if fates := next.takeUp(t, b, away); fates[want] != 1 {
			t.Errorf("after %v: %v", away, fates)
		}
		if err := next.worker.CheckInvariants(); err != nil {
			t.Error(err)
		}
	}
}

// TestTwiceTheSame: what is taken up twice contradicts itself, and no serial is
// given twice.
func TestTwiceTheSame(t *testing.T) {
	r := newRig(t, rigPolicy)
	frame := packettest.Frame("udp 10.1.0.2:6000 > 10.2.0.2:69 data \"\\x00\\x01f\\x00octet\\x00\"")
	r.send(t, "port1", frame, packet.Offload{}, wellFormed(t))
	b := r.handOver(t)
	next := newRig(t, rigPolicy)
	if fates := next.takeUp(t, b, 0); fates[engine.Taken] != 2 {
		t.Fatal(fates)
	}
	if fates := next.takeUp(t, b, 0); fates[engine.Contradicts] != 1 || fates[engine.NoMaster] != 1 {
		t.Errorf("once more: %v", fates)
	}
	next.send(t, "port1", packettest.Frame("udp 10.1.0.2:6001 > 10.2.0.2:53 len 20"), packet.Offload{}, wellFormed(t))
	ids := map[uint32]bool{}
	next.worker.Sessions(func(s *session.Session) bool { ids[s.ID] = true; return true })
	if len(ids) != 2 {
		t.Errorf("sessions %v", ids)
	}
	if err := next.worker.CheckInvariants(); err != nil {
		t.Error(err)
	}
}

// signed is b with a right checksum in its last four bytes.
func signed(b []byte) []byte {
	if len(b) < 4 {
		return b
	}
	body := b[: len(b)-4 : len(b)-4]
	return binary.BigEndian.AppendUint32(body, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

// FuzzHeir: whatever a stream says, the worker that takes it up stays sound, and
// goes on with packets.
func FuzzHeir(f *testing.F) {
	r := newRig(f, rigPolicy+"nat = \"enable\"\n")
	s := &storm{r: rand.New(rand.NewPCG(5, 7)), next: map[string]uint32{}}
	talks := []*talk{{id: 1}, {id: 2}}
	for i := range 400 {
		pick(s.r, talks).step(f, r, s)
		if i%100 == 50 {
			f.Add(r.handOver(f), uint64(i))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		r := newRig(t, rigPolicy+"nat = \"enable\"\n")
		if _, err := r.tryTakeUp(bytes.NewReader(signed(b)), time.Duration(seed%100)*time.Second); err != nil && r.worker.Stats().Sessions == 0 {
			return
		}
		if err := r.worker.CheckInvariants(); err != nil {
			t.Fatal(err)
		}
		s := &storm{r: rand.New(rand.NewPCG(seed, 7)), next: map[string]uint32{}}
		talks := []*talk{{id: 1}, {id: 2}}
		for range 30 {
			pick(s.r, talks).step(t, r, s)
			s.noise(t, r)
		}
		r.about(t, s.r)
		r.now = r.now.Add(time.Hour)
		for r.worker.Tick(r.now) {
		}
		if err := r.worker.CheckInvariants(); err != nil {
			t.Fatal(err)
		}
	})
}

// about sends packets of the sessions that there are.
func (r *rig) about(t testing.TB, dice *rand.Rand) {
	var keys []packet.Key
	r.worker.Sessions(func(s *session.Session) bool { keys = append(keys, s.Key[dice.IntN(2)]); return true })
	for _, k := range keys {
		if k.Proto != packet.ProtoTCP && k.Proto != packet.ProtoUDP {
			continue
		}
		line := k.String()
		if k.Proto == packet.ProtoTCP {
			line += fmt.Sprintf(" A seq %d ack %d", dice.Uint32(), dice.Uint32())
		}
		frame, off, err := packettest.Build(line + ` data "PORT 10,1,0,2,160,40\r\n"`)
		if err != nil {
			continue
		}
		for _, in := range []string{"port1", "port2"} {
			r.send(t, in, bytes.Clone(frame), off, func(*engine.Slot) {})
		}
	}
}

// lasting is the class of s as it is once somebody looks: that a session has gone
// on is noticed by who makes room, or by a restart.
func lasting(s *session.Session) session.Class {
	if s.Class() == session.Brief && (s.Packets[0] > 1 || s.Packets[1] > 1) {
		return session.Lasting
	}
	return s.Class()
}
