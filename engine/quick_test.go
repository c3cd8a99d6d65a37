package engine

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// crew is a worker as a dataplane shares it among goroutines.
type crew struct {
	mu sync.RWMutex
	w  *Worker
}

func (c *crew) decide(now session.Tick, batch []Slot) {
	c.mu.RLock()
	left := c.w.Quick(now, batch)
	c.mu.RUnlock()
	if left > 0 {
		c.mu.Lock()
		c.w.Process(now, batch)
		c.mu.Unlock()
	}
}

// TestCrew has both directions of the same sessions carried by several goroutines
// at once, while sessions are made, counted, judged anew and expire. The race
// detector watches; no packet may be lost or miscounted.
func TestCrew(t *testing.T) {
	const sessions, rounds, hands = 5000, 12, 4 // more than fetchFrom
	w := benchWorker(t, 1, true)
	c := &crew{w: w}
	syns, acks := benchTrain("tcp4-snat", packet.TCPSyn, sessions, 1), benchTrain("tcp4-snat", packet.TCPAck, sessions, 1)
	one := make([]Slot, 1)
	for i := range sessions {
		one[0].Renew()
		one[0].Parse(syns.copy(0, i), packet.Offload{})
		c.decide(1, one)
		s, _ := w.table.Find(&one[0].Key)
		benchAnswer(w, s)
	}
	var done sync.WaitGroup
	for range hands {
		done.Add(1)
		go func() {
			defer done.Done()
			batch := make([]Slot, benchBatch)
			mem := &train{frames: acks.frames, size: acks.size}
			for i := range rounds * sessions / benchBatch {
				for k := range batch {
					batch[k].Renew()
					batch[k].Parse(mem.copy(k, (i*benchBatch+k)%sessions), packet.Offload{})
				}
				c.decide(session.Tick(i), batch)
				for k := range batch {
					if batch[k].Verdict != Forward {
						t.Errorf("a packet died of %v", batch[k].Reason)
						return
					}
				}
			}
		}()
	}
	stop := make(chan struct{})
	go func() { // everything else that happens to a worker
		for n := uint32(2); ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
			c.mu.Lock()
			next := *w.rules
			next.Generation = n
			w.SetRuleset(&next)
			w.Tick(session.Tick(n))
			c.mu.Unlock()
			c.mu.RLock()
			w.SessionsFrom(0, sessions, func(s *session.Session) {
				var r session.Record
				s.Copy(&r, runtime.Gosched)
			})
			c.mu.RUnlock()
		}
	}()
	done.Wait()
	close(stop)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := w.CheckInvariants(); err != nil {
		t.Fatal(err)
	}
	total := uint64(0)
	w.Sessions(func(s *session.Session) bool { total += s.Packets[0]; return true })
	if want := uint64(sessions + hands*(rounds*sessions/benchBatch)*benchBatch); total != want {
		t.Errorf("%d packets counted, expected %d", total, want)
	}
}

// TestClaimed: a packet of a session that somebody else holds is left to Process.
func TestClaimed(t *testing.T) {
	w := benchWorker(t, 1, false)
	batch := make([]Slot, 1)
	play := func(kind uint8) {
		batch[0].Renew()
		batch[0].Parse(benchTrain("tcp4", kind, 1, 1).copy(0, 0), packet.Offload{})
	}
	play(packet.TCPSyn)
	w.Process(1, batch)
	s, _ := w.table.Find(&batch[0].Key)
	benchAnswer(w, s)
	if play(packet.TCPAck); !s.Claim() || s.Claim() || w.Quick(1, batch) != 1 {
		t.Error("a session is claimed twice")
	}
	if s.Yield(); w.Quick(1, batch) != 0 || batch[0].Verdict != Forward || s.Packets[0] != 2 {
		t.Errorf("verdict %v, %d packets", batch[0].Verdict, s.Packets[0])
	}
	if w.Process(1, batch); s.Packets[0] != 2 {
		t.Error("a packet is decided about twice")
	}
}
