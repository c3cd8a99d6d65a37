package engine

import (
	"testing"

	"portcullis/packet"
	"portcullis/session"
)

// TestSetupAllocates: a new session allocates nothing, translated and logged, once
// the memory of its record is there.
func TestSetupAllocates(t *testing.T) {
	w := benchWorker(t, 3, true)
	sink := &benchSink{list: make([]session.Event, 1<<10)}
	w.sink = sink
	train, batch := benchTrain("tcp4", packet.TCPSyn, benchBatch, 1), make([]Slot, benchBatch)
	n := testing.AllocsPerRun(20, func() {
		for i := range batch {
			batch[i].Renew()
			batch[i].Parse(train.copy(i, i), packet.Offload{})
		}
		w.Quick(1, batch)
		w.Process(1, batch)
		if w.table.Len() != benchBatch {
			t.Fatalf("%d sessions: %v", w.table.Len(), batch[0].Reason)
		}
		w.Shutdown(1, benchBatch)
	})
	if n != 0 {
		t.Errorf("%v allocations for %d sessions", n, benchBatch)
	}
	if sink.n < 2*benchBatch {
		t.Errorf("%d events make a line, expected the start and the end of each session", sink.n)
	}
}
