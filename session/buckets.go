package session

import "portcullis/packet"

// buckets find expectations by all of their key but the source port, which may be any:
// those that differ in nothing else are a bucket, a list by Expectation.next. Buckets of
// the same hash are another one, of their first ones, by Expectation.chain. There are as
// many slots as there may be expectations, so that none is ever moved; the first one that
// there is makes them.
type buckets struct {
	seed  uint64
	slots []uint32 // index+1
}

// make makes slots for so many expectations.
func (b *buckets) make(most int) {
	n := 1
	for n < most {
		n *= 2
	}
	b.slots = make([]uint32, n)
}

// bucketOf is what a bucket has in common.
func bucketOf(k *packet.Key) packet.Key {
	b := *k
	b.SrcPort = 0
	return b
}

// alike says whether k is of a bucket.
func alike(k, bucket *packet.Key) bool {
	return k.Src == bucket.Src && k.Dst == bucket.Dst && k.DstPort == bucket.DstPort && k.Zone == bucket.Zone && k.Proto == bucket.Proto
}

// slot is where the list begins that a bucket is in.
func (x *Expectations) slot(bucket *packet.Key) *uint32 {
	return &x.buckets.slots[bucket.Hash(x.buckets.seed)&uint64(len(x.buckets.slots)-1)]
}

// first is the first expectation of a bucket, index+1; 0: there is none.
func (x *Expectations) first(bucket *packet.Key) uint32 {
	if len(x.buckets.slots) == 0 {
		return 0
	}
	n := *x.slot(bucket)
	for n != 0 && !alike(&x.recs[n-1].Match, bucket) {
		n = x.recs[n-1].chain
	}
	return n
}

// begin puts the expectation at i before all others of its bucket, of which first begins,
// 0 where there are none.
func (x *Expectations) begin(bucket *packet.Key, first, i uint32) {
	if len(x.buckets.slots) == 0 {
		x.buckets.make(x.max)
	}
	r, at := &x.recs[i], x.slot(bucket)
	if first != 0 {
		for *at != first {
			at = &x.recs[*at-1].chain
		}
		x.recs[first-1].prev = i + 1
		r.chain = x.recs[first-1].chain
	} else {
		r.chain = *at
	}
	r.next, r.prev = first, 0
	*at = i + 1
}

// unchain takes an expectation out of its bucket.
func (x *Expectations) unchain(r *Expectation) {
	if r.next != 0 {
		x.recs[r.next-1].prev = r.prev
	}
	if r.prev != 0 {
		x.recs[r.prev-1].next = r.next
		return
	}
	bucket := bucketOf(&r.Match)
	at := x.slot(&bucket)
	for *at != r.index+1 {
		at = &x.recs[*at-1].chain
	}
	if *at = r.chain; r.next != 0 {
		x.recs[r.next-1].chain = r.chain
		*at = r.next
	}
}
