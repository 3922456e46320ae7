"""Grantguard tells a credit ledger which promotional compute grants are being gamed, and why.

The house in one look: ``contract`` says what enters, ``histories`` lays it out up to one moment,
``signals`` measures it, ``forest`` says how unusual it is, ``policy`` says what to do.
"""
