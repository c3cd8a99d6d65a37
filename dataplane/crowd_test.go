package dataplane

import (
	"fmt"
	"sync"
	"testing"

	"portcullis/config"
	"portcullis/engine"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
)

// crowdConfig translates one client's flows in three ways, by where they go to. The
// table is small: sessions without an answer give way all the time.
const crowdConfig = `
[[system.interface]]
name = "port1"
ip = "10.1.0.1/24"
[[system.interface]]
name = "port2"
ip = "10.2.0.1/16"
[system.global]
max-sessions = 1024
[[firewall.address]]
name = "many"
subnet = "10.2.1.0/24"
[[firewall.address]]
name = "blocks"
subnet = "10.2.2.0/24"
[[firewall.address]]
name = "any-host"
subnet = "10.2.3.0/24"
[[firewall.ippool]]
name = "many"
startip = "203.0.113.1"
endip = "203.0.113.2"
startport = 6000
endport = 6255
[[firewall.ippool]]
name = "blocks"
type = "port-block-allocation"
startip = "203.0.113.17"
endip = "203.0.113.18"
block-size = 64
num-blocks-per-user = 4
[[firewall.ippool]]
name = "any-host"
startip = "203.0.113.33"
endip = "203.0.113.34"
permit-any-host = "enable"
` + crowdPolicy + `policyid = 1
dstaddr = ["many"]
poolname = ["many"]
` + crowdPolicy + `policyid = 2
dstaddr = ["blocks"]
poolname = ["blocks"]
` + crowdPolicy + `policyid = 3
dstaddr = ["any-host"]
poolname = ["any-host"]
`

const crowdPolicy = `
[[firewall.policy]]
srcintf = ["port1"]
dstintf = ["port2"]
srcaddr = ["all"]
action = "accept"
schedule = "always"
service = ["ALL"]
nat = "enable"
ippool = "enable"
logtraffic = "all"
logtraffic-start = "enable"
`

// register is told of every session that begins and ends, in that order, and finds
// out what two of them have at once.
type register struct {
	mu     sync.Mutex // also to notice that the engine lets two in
	tuples map[packet.Key]packet.Key
	owners map[outside]*owner
	faults []string
	begun  int
}

type outside struct {
	addr packet.Addr
	port uint16
}

// owner is whose a port is that is one client's alone, or one client's port's.
type owner struct {
	client packet.Addr
	port   uint16
	n      int
}

func (r *register) Push(e *session.Event) bool {
	if !r.mu.TryLock() {
		panic("two goroutines change the engine at once")
	}
	defer r.mu.Unlock()
	at := outside{e.ReplyKey.Dst, e.ReplyKey.DstPort}
	switch e.Kind {
	case session.EventStart:
		r.begun++
		if other, ok := r.tuples[e.ReplyKey]; ok {
			r.fault("%v belongs to %v and to %v", e.ReplyKey, other, e.Key)
		}
		r.tuples[e.ReplyKey] = e.Key
		o := r.owners[at]
		if o == nil {
			o = &owner{client: e.Key.Src, port: e.Key.SrcPort}
			r.owners[at] = o
		}
		if o.n++; e.Policy != 1 && o.client != e.Key.Src || e.Policy == 3 && o.port != e.Key.SrcPort {
			r.fault("%v is %v:%d's, and %v has it", at, o.client, o.port, e.Key)
		}
	case session.EventEnd:
		if r.tuples[e.ReplyKey] != e.Key {
			r.fault("%v ended, and %v has its tuple", e.Key, r.tuples[e.ReplyKey])
		}
		delete(r.tuples, e.ReplyKey)
		if o := r.owners[at]; o != nil {
			if o.n--; o.n == 0 {
				delete(r.owners, at)
			}
		}
	}
	return true
}

func (r *register) fault(text string, args ...any) {
	if len(r.faults) < 5 {
		r.faults = append(r.faults, fmt.Sprintf(text, args...))
	}
}

// TestCrowd has several ports' goroutines open sessions of the same few clients
// through the same pools at once, while others end: no tuple, and no port of a
// block or a mapping, is ever two sessions' that it must not be.
func TestCrowd(t *testing.T) {
	const hands, rounds = 4, 150
	cfg, bad := config.Parse("crowd.toml", []byte(crowdConfig))
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	names := engine.NewNames()
	rules, err := engine.Compile(cfg, engine.Inventory{"port1": {MTU: 1500}, "port2": {MTU: 1500}}, names, 1)
	if err != nil {
		t.Fatal(err)
	}
	book := &register{tuples: map[packet.Key]packet.Key{}, owners: map[outside]*owner{}}
	w := engine.NewWorker(rules, 0, engine.Options{Seed: 1, Sink: book, Names: names})
	p := New(w)
	in, out := names.InterfaceIndex("port1"), names.InterfaceIndex("port2")
	var done sync.WaitGroup
	for hand := range hands {
		done.Add(1)
		go func() {
			defer done.Done()
			crowdHand(t, p, w, hand, rounds, in, out)
		}()
	}
	done.Wait()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.CheckInvariants(); err != nil {
		t.Error(err)
	}
	st := w.Stats()
	if len(book.tuples) != st.Sessions || st.Evicted < 1000 {
		t.Errorf("%d tuples of %d sessions; %d gave way", len(book.tuples), st.Sessions, st.Evicted)
	}
	for w.Shutdown(p.Now(), 1000) {
	}
	if err := w.CheckInvariants(); err != nil || len(book.tuples) != 0 {
		t.Errorf("%d tuples are left; %v", len(book.tuples), err)
	}
	for _, f := range book.faults {
		t.Error(f)
	}
	t.Logf("%d sessions began, %d gave way, %d found nothing", book.begun, st.Evicted, st.Exhausted)
}

// crowdHand is one port's goroutine: it opens sessions, sends on some of them,
// answers what left, and has an operator end some.
func crowdHand(t *testing.T, p *Plane, w *engine.Worker, hand, rounds int, in, out uint16) {
	slots, e := make([]engine.Slot, batchSize), &egress{plane: p}
	answers := make([]engine.Slot, batchSize)
	for round := range rounds {
		for i := range slots {
			n := round*batchSize + i
			line := fmt.Sprintf("udp 10.1.0.%d:%d > 10.2.%d.%d:53 len 4", 2+n%3, 6000+(n*7+hand)%211, 1+n%3, 1+(n/211+hand)%4)
			parse(t, &slots[i], packettest.Frame(line), in)
		}
		p.decide(p.Now(), slots, e)
		n := 0
		for i := range slots {
			if slots[i].Verdict != engine.Forward || i%2 > 0 {
				continue
			}
			var left packet.Packet
			if why := left.Parse(slots[i].Frame, slots[i].Offload); why != packet.ReasonNone {
				t.Error(why)
				return
			}
			k := left.Key.Reply()
			if k.Dst == slots[i].Key.Src {
				t.Errorf("%v left untranslated", slots[i].Key)
			}
			line := fmt.Sprintf("udp %v:%d > %v:%d len 4", k.Src, k.SrcPort, k.Dst, k.DstPort)
			parse(t, &answers[n], packettest.Frame(line), out)
			n++
		}
		p.decide(p.Now(), answers[:n], e)
		if round%4 > 0 {
			continue
		}
		p.Do(func(now session.Tick) {
			var some []session.Ref
			w.Sessions(func(s *session.Session) bool {
				if s.ID%5 == uint32(hand) {
					some = append(some, s.Ref())
				}
				return true
			})
			w.Clear(now, some)
		})
	}
}

func parse(t *testing.T, s *engine.Slot, frame []byte, in uint16) {
	s.Renew()
	s.In = in
	if why := s.Parse(frame, packet.Offload{}); why != packet.ReasonNone {
		t.Error(why)
	}
}
