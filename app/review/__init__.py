"""The flow out: a reviewer's vote becomes a decision, its time is posted and priced, and it is handed on."""
