package reassembly

// queue is the datagrams of one family in order of birth, linked through their
// records.
type queue struct{ oldest, newest uint32 }

// push appends record n.
func (q *queue) push(records *pool[datagram], n uint32) {
	d := records.at(n)
	d.older, d.newer = q.newest, none
	if q.newest == none {
		q.oldest = n
	} else {
		records.at(q.newest).newer = n
	}
	q.newest = n
}

// remove takes record n out.
func (q *queue) remove(records *pool[datagram], n uint32) {
	d := records.at(n)
	if d.older == none {
		q.oldest = d.newer
	} else {
		records.at(d.older).newer = d.newer
	}
	if d.newer == none {
		q.newest = d.older
	} else {
		records.at(d.newer).older = d.older
	}
}
