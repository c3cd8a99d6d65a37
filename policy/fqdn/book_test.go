package fqdn

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

var (
	one = packet.MustAddr("198.51.100.1")
	two = packet.MustAddr("2001:db8::2")
)

func at(d time.Duration) session.Tick { return session.Tick(d) }

func TestBook(t *testing.T) {
	var b Book
	if !b.Idle() {
		t.Error("an empty book asks for something")
	}
	b.Obey([]Wish{{Name: "www.a.example", TTL: time.Hour}, {Name: "*.a.example"}, {Name: "www.a.example"}})
	www, wild := b.Name("www.a.example"), b.Name("*.a.example")
	b.Learn("www.a.example", one, 0, at(0))
	b.Learn("x.y.a.example", two, 5*time.Minute, at(0))
	b.Learn("a.example", two, time.Hour, at(0)) // the domain itself is not below it
	b.Learn("notwww.b.example", one, time.Hour, at(0))
	for _, c := range []struct {
		n    *Name
		a    packet.Addr
		when time.Duration
		want bool
	}{
		{www, one, 0, true},
		{www, two, 0, false},
		{wild, one, 0, true},
		{wild, two, 0, true},
		{wild, one, LeastTTL - 1, true},
		{wild, one, LeastTTL, false},
		{www, one, LeastTTL, true}, // by its cache-ttl
		{wild, two, 5*time.Minute - 1, true},
		{wild, two, 5 * time.Minute, false},
		{www, one, time.Hour, false},
		{nil, one, time.Hour, false},
	} {
		b.Expire(at(c.when))
		if got := c.n.Has(c.a); got != c.want {
			t.Errorf("%v has %v after %v: %v", c.n, c.a, c.when, got)
		}
	}
}

// What is told of again counts for longer, never for less.
func TestAgain(t *testing.T) {
	var b Book
	b.Obey([]Wish{{Name: "a"}})
	b.Learn("a", one, time.Hour, at(0))
	b.Learn("a", one, time.Minute, at(time.Minute))
	b.Expire(at(time.Hour - 1))
	if !b.Name("a").Has(one) {
		t.Error("forgotten early")
	}
	b.Learn("a", one, 1000*time.Hour, at(time.Hour-1))
	b.Expire(at(time.Hour - 1 + MostTTL))
	if b.Name("a").Has(one) {
		t.Error("kept beyond the bound")
	}
}

// A configuration that goes on asking for a name finds what was known of it.
func TestObey(t *testing.T) {
	var b Book
	b.Obey([]Wish{{Name: "a"}, {Name: "b"}})
	b.Learn("a", one, 0, 0)
	b.Learn("b", one, 0, 0)
	a := b.Name("a")
	b.Obey([]Wish{{Name: "a"}})
	if !a.Has(one) || b.Name("a") != a || b.Name("b").Has(one) {
		t.Error("a name that stays is forgotten, or one that goes is not")
	}
	b.Learn("b", one, 0, 0)
	if all, _ := b.List(0); len(all) != 1 || len(all[0].Hosts) != 1 || all[0].Hosts[0].Left != LeastTTL || all[0].Hosts[0].By != "a" {
		t.Errorf("%+v", all)
	}
}

func TestMaxHosts(t *testing.T) {
	var b Book
	b.Obey([]Wish{{Name: "*.a"}})
	for i := range MaxHosts + 3 {
		b.Learn(fmt.Sprint(i, ".a"), packet.AddrFrom4([]byte{10, 0, byte(i >> 8), byte(i)}), 0, 0)
	}
	all, refused := b.List(0)
	if len(all[0].Hosts) != MaxHosts || refused != 3 {
		t.Error(len(all[0].Hosts), refused)
	}
}

// Readers and writers do not meet: for the race detector.
func TestTogether(t *testing.T) {
	var b Book
	b.Obey([]Wish{{Name: "a"}})
	n := b.Name("a")
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 500 {
				a := packet.AddrFrom4([]byte{10, 0, byte(w), byte(i)})
				b.Learn("a", a, 0, at(time.Duration(i)))
				if !n.Has(a) {
					t.Error("not learnt")
				}
				b.Expire(at(time.Duration(i)))
				b.List(0)
			}
		})
	}
	all.Wait()
}

func BenchmarkHas(b *testing.B) {
	var book Book
	book.Obey([]Wish{{Name: "a"}})
	for i := range 100 {
		book.Learn("a", packet.AddrFrom4([]byte{10, 0, 0, byte(i)}), 0, 0)
	}
	n := book.Name("a")
	for b.Loop() {
		n.Has(one)
	}
}
