// SPDX-License-Identifier: MIT
// The least of io_uring that sends and receives, by its system calls (io_uring_setup(2), io_uring_enter(2)).
#include "common.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	int fd;
	pid_t owner;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	unsigned *sq_tail, *sq_array, *cq_head;
	unsigned sq_mask, cq_mask;
} ring = { .fd = -1 };

static void *map_ring(size_t size, off_t offset)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, offset);

	if (at == MAP_FAILED)
		die("mmap of io_uring");
	return at;
}

static void open_ring(void)
{
	struct io_uring_params p;
	char *sq, *cq;

	memset(&p, 0, sizeof(p));
	ring.fd = (int)syscall(__NR_io_uring_setup, 4, &p);
	if (ring.fd < 0)
		die("io_uring_setup");
	ring.owner = getpid();
	sq = map_ring(p.sq_off.array + p.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
	cq = map_ring(p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	ring.sqes = map_ring(p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	ring.cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	ring.sq_tail = (unsigned *)(sq + p.sq_off.tail);
	ring.sq_array = (unsigned *)(sq + p.sq_off.array);
	ring.cq_head = (unsigned *)(cq + p.cq_off.head);
	ring.sq_mask = *(unsigned *)(sq + p.sq_off.ring_mask);
	ring.cq_mask = *(unsigned *)(cq + p.cq_off.ring_mask);
}

static int run_request(int opcode, int fd, void *data, size_t n, int flags)
{
	unsigned tail, head, index;
	struct io_uring_sqe *sqe;
	int result;

	if (ring.fd < 0 || ring.owner != getpid())
		open_ring();
	tail = *ring.sq_tail;
	index = tail & ring.sq_mask;
	sqe = &ring.sqes[index];
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = (uint8_t)opcode;
	sqe->fd = fd;
	sqe->addr = (uint64_t)(uintptr_t)data;
	sqe->len = (uint32_t)n;
	sqe->msg_flags = (uint32_t)flags;
	ring.sq_array[index] = index;
	__atomic_store_n(ring.sq_tail, tail + 1, __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	head = *ring.cq_head;
	result = ring.cqes[head & ring.cq_mask].res;
	__atomic_store_n(ring.cq_head, head + 1, __ATOMIC_RELEASE);
	return result;
}

int uring_send(int fd, const void *data, size_t n)
{
	return run_request(IORING_OP_SEND, fd, (void *)(uintptr_t)data, n, MSG_NOSIGNAL);
}

int uring_recv(int fd, void *data, size_t n)
{
	return run_request(IORING_OP_RECV, fd, data, n, 0);
}
