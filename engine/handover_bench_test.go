package engine

import (
	"bytes"
	"io"
	"runtime"
	"testing"
	"time"

	"portcullis/handover"
	"portcullis/session"
)

// BenchmarkHandOver writes the sessions of a worker, checks what was written, and
// has another worker take them up:
//
//	go test ./engine -run '^$' -bench HandOver -benchtime 3x -sessions 1000000
func BenchmarkHandOver(b *testing.B) {
	w := scaleWorker(b, *liveSessions)
	populate(b, w, *liveSessions)
	w.table.All(func(s *session.Session) bool { s.SetTimeout(time.Hour); return true }) // the benchmarks' rules have no timers
	var stream bytes.Buffer
	perSession := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(w.table.Len()), "ns/session")
	}
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			stream.Reset()
			if _, err := w.HandOver(2, &stream, "benchmark", time.Unix(0, 0)); err != nil {
				b.Fatal(err)
			}
		}
		perSession(b)
		b.ReportMetric(float64(stream.Len())/float64(w.table.Len()), "bytes/session")
	})
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := handover.Check(bytes.NewReader(stream.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
		perSession(b)
	})
	b.Run("take", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			next := scaleWorker(b, *liveSessions)
			runtime.GC()
			b.StartTimer()
			if n := takeAll(b, next, stream.Bytes()); n != w.table.Len() {
				b.Fatalf("%d of %d sessions", n, w.table.Len())
			}
		}
		perSession(b)
	})
}

// takeAll has w take up a stream and says how many sessions there are then.
func takeAll(b *testing.B, w *Worker, stream []byte) int {
	in, err := handover.NewReader(bytes.NewReader(stream))
	if err != nil {
		b.Fatal(err)
	}
	heir := w.Inherit(2, in.Header(), 0)
	var rec handover.Record
	for err = in.Next(&rec); err == nil; err = in.Next(&rec) {
		heir.Take(2, &rec)
	}
	if err != io.EOF {
		b.Fatal(err)
	}
	heir.Finish()
	return w.table.Len()
}
