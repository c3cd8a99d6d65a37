package engine

import (
	"encoding/binary"
	"fmt"
	"testing"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"portcullis/packet"
	"portcullis/session"
)

// BenchmarkExpecting measures what a new session costs beside so many control sessions,
// each of a client of its own and with ten expectations outstanding: one that nobody
// announced, which is asked for expectations in vain; and one that somebody did. A
// session ends, and what it used up is announced again, outside of the figure.
func BenchmarkExpecting(b *testing.B) {
	for _, masters := range []int{0, 100, 10000} {
		b.Run(fmt.Sprintf("other/expectations=%d", masters*10), func(b *testing.B) {
			w, _ := benchMasters(b, masters)
			benchFirst(b, w, benchTrain("tcp4", packet.TCPSyn, 4096, 1), func(int) {})
		})
		if masters == 0 {
			continue
		}
		b.Run(fmt.Sprintf("child/expectations=%d", masters*10), func(b *testing.B) {
			w, all := benchMasters(b, masters)
			const flows = 1000
			train := benchAnnounced(w, all, flows)
			benchFirst(b, w, train, func(i int) { benchAnnounce(b, w, all, i) })
		})
	}
}

// benchMasters is a worker with so many control sessions that all announce.
func benchMasters(b *testing.B, n int) (*Worker, []session.Ref) {
	w := benchWorker(b, 1, false)
	if n == 0 {
		return w, nil
	}
	helper := w.names.helperNumber("sip")
	var all []session.Ref
	batch, train := make([]Slot, 1), benchTrain("udp4", 0, n, 1)
	for i := range n {
		batch[0].Renew()
		batch[0].Parse(train.copy(0, i), packet.Offload{})
		w.Process(1, batch)
		s, _ := w.table.Find(&batch[0].Key)
		s.Helper, s.Bound = helper, true
		w.readFromNow(s, nil)
		all = append(all, s.Ref())
	}
	for i := range n * 10 {
		benchAnnounce(b, w, all, i)
	}
	return w, all
}

// benchAnnounce makes expectation i again: of each control session one, then of each
// another one.
func benchAnnounce(b *testing.B, w *Worker, all []session.Ref, i int) {
	s := w.table.Resolve(all[i%len(all)])
	w.announce.about(s, s.Ref(), w.names.helper(s.Helper))
	x := w.announce.expectation(packet.Original, packet.ProtoUDP, uint16(10000+i/len(all)))
	if !w.announce.add(&x) {
		b.Fatalf("expectation %d: %v", i, w.announce.why)
	}
}

// benchAnnounced is the first packets of the first expectations.
func benchAnnounced(w *Worker, all []session.Ref, n int) *train {
	t := benchTrain("udp4", 0, n, 1)
	for i := range n {
		k := &w.table.Resolve(all[i%len(all)]).Key[packet.Original]
		ip := t.frames[i*t.size+packet.EthernetSize:]
		k.Dst.Put4(ip[12:])
		k.Src.Put4(ip[16:])
		binary.BigEndian.PutUint16(ip[20:], 7000)
		binary.BigEndian.PutUint16(ip[22:], uint16(10000+i/len(all)))
		header.IPv4(ip).SetChecksum(0)
		header.IPv4(ip).SetChecksum(^header.IPv4(ip).CalculateChecksum())
	}
	return t
}

// benchFirst opens the sessions of a train, again and again. again is called with the
// number of each that has ended.
func benchFirst(b *testing.B, w *Worker, t *train, again func(int)) {
	flows := len(t.frames) / t.size / benchBatch * benchBatch
	batch := make([]Slot, benchBatch)
	ends := func() {
		for i := range flows {
			batch[0].Parse(t.copy(0, i), packet.Offload{})
			s, _ := w.table.Find(&batch[0].Key)
			if s == nil || (s.Master.ID != 0) != (s.Key[0].SrcPort == 7000) {
				b.Fatalf("flow %d did not begin as it should", i)
			}
			w.remove(s, session.EndCleared)
			again(i)
		}
	}
	play := func(next int) {
		for i := range batch {
			batch[i].Renew()
			batch[i].In = uint16(0)
			batch[i].Parse(t.copy(i, next+i), packet.Offload{})
			if batch[i].Key.SrcPort == 7000 {
				batch[i].In = 1
			}
		}
		w.Quick(1, batch)
		w.Process(1, batch)
	}
	for next := 0; next < flows; next += benchBatch {
		play(next)
	}
	ends()
	b.ReportAllocs()
	b.ResetTimer()
	for done, next := 0, 0; done < b.N; done += benchBatch {
		if play(next); next+benchBatch < flows {
			next += benchBatch
			continue
		}
		b.StopTimer()
		next = 0
		ends()
		b.StartTimer()
	}
}
