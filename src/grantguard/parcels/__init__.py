"""What an executor of a cluster does with one bucket of accounts: parcels in, parcels out, the same functions as here.

No cluster's library is imported, and for extraction neither the forest nor a door.
"""
